@NullMarked
package dev.cis.transport;

import org.jspecify.annotations.NullMarked;
