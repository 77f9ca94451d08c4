@NullMarked
package dev.cis.transport.proto;

import org.jspecify.annotations.NullMarked;
