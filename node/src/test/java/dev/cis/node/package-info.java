@NullMarked
package dev.cis.node;

import org.jspecify.annotations.NullMarked;
