package io.trunkline.bench;

import java.nio.charset.StandardCharsets;

/** Looks into pages of records as cheaply as can be: no values of the benchmark have the marker in them. */
final class Pages {
    static final byte[] OFFSET = "\"offset\":".getBytes(StandardCharsets.US_ASCII);

    private Pages() {}

    /** Fails unless a page holds just the offsets from one up to, not including, another, as far as its ends tell. */
    static void checkEnds(HttpConnection page, long from) {
        checkStatus(page);
        byte[] body = page.body();
        long first = number(body, find(body, OFFSET, 0, page.bodyLength()) + OFFSET.length);
        int last = page.bodyLength() - OFFSET.length;
        while (last >= 0 && !matches(body, OFFSET, last)) {
            last--;
        }
        if (first != from || number(body, last + OFFSET.length) != page.nextOffset() - 1) {
            throw new IllegalStateException("a page from " + from + " to " + page.nextOffset() + " begins at " + first
                    + " and ends at " + number(body, last + OFFSET.length));
        }
    }

    /** Fails unless a page holds every offset from one up to, not including, another, in order. */
    static void checkAll(HttpConnection page, long from) {
        checkStatus(page);
        long expected = from;
        int at = 0;
        while ((at = find(page.body(), OFFSET, at, page.bodyLength())) >= 0) {
            at += OFFSET.length;
            long offset = number(page.body(), at);
            if (offset != expected) {
                throw new IllegalStateException("offset " + expected + " is missing: " + offset + " comes next");
            }
            expected++;
        }
        if (expected != page.nextOffset()) {
            throw new IllegalStateException("a page ends before " + expected + " but says " + page.nextOffset());
        }
    }

    static void checkStatus(HttpConnection page) {
        if (page.status() != 200 || page.nextOffset() < 0) {
            throw new IllegalStateException("fetch answered " + page.status() + " " + page.bodyText());
        }
    }

    /** Where a marker begins, or -1. */
    static int find(byte[] body, byte[] marker, int from, int to) {
        for (int i = from; i <= to - marker.length; i++) {
            if (body[i] == marker[0] && matches(body, marker, i)) {
                return i;
            }
        }
        return -1;
    }

    static boolean matches(byte[] body, byte[] marker, int at) {
        for (int i = 0; i < marker.length; i++) {
            if (body[at + i] != marker[i]) {
                return false;
            }
        }
        return true;
    }

    /** The number that stands at a place. */
    static long number(byte[] body, int at) {
        long number = 0;
        for (int i = at; body[i] >= '0' && body[i] <= '9'; i++) {
            number = number * 10 + body[i] - '0';
        }
        return number;
    }
}
