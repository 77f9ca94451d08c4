@NullMarked
package dev.cis.transport.memory;

import org.jspecify.annotations.NullMarked;
