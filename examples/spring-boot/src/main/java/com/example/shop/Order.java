package com.example.shop;

/** An order that the shop has accepted, and whether it is shipped. */
record Order(long id, String item, int quantity, boolean shipped) {}
