/**
 * A client of Trunkline's streams: it follows a topic by server-sent events, connects again when the connection is lost, and
 * goes on where the application says. It needs nothing but the JDK, and nothing of the rest of this application: copy the package.
 */
package com.example.shop.stream;
