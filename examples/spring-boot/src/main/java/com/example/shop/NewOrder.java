package com.example.shop;

/**
 * An order as a customer sends it, before anything of it is checked.
 *
 * @param item the name of an item that the shop sells: lower-case letters and hyphens
 * @param quantity from 1 to 1,000
 */
record NewOrder(String item, int quantity) {}
