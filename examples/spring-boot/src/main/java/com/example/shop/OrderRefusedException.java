package com.example.shop;

/** The shop does not accept an order, and nothing of it is stored; the message tells the customer why. */
class OrderRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OrderRefusedException(String message) {
        super(message);
    }
}
