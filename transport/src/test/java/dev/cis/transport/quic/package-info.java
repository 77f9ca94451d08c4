@NullMarked
package dev.cis.transport.quic;

import org.jspecify.annotations.NullMarked;
