@NullMarked
package dev.cis.api;

import org.jspecify.annotations.NullMarked;
