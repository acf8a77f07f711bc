package io.trunkline.bench;

/** Readers that wait for records, and check that they miss none. */
interface Readers extends Load {
    /** Records that all readers together have got. */
    long received();

    /**
     * Fails unless every reader has got every record, in the order in which the others got those of a partition. After the end.
     *
     * @param requests that were acknowledged, each for the next partition
     * @param records of each request
     */
    void checkAll(long requests, int records);
}
