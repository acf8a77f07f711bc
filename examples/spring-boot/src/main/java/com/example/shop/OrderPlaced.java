package com.example.shop;

/**
 * The event that an order was placed: the value of a record of the topic {@code orders}, as JSON.
 *
 * @param id the number of the order, which is also the key of the record
 */
record OrderPlaced(long id, String item, int quantity) {
    OrderPlaced {
        if (id <= 0 || item == null || quantity <= 0) {
            throw new IllegalArgumentException("not an order");
        }
    }
}
