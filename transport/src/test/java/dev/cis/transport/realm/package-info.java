@NullMarked
package dev.cis.transport.realm;

import org.jspecify.annotations.NullMarked;
