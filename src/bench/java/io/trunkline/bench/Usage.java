package io.trunkline.bench;

/**
 * What processes took in the measured time.
 *
 * @param serviceCpu seconds, of all replicas
 * @param postgresCpu seconds, of the server and everything below it
 * @param clientCpu seconds of the load generator
 * @param servicePeakBytes the most memory that one replica had resident, or -1 where the system does not tell
 */
record Usage(double serviceCpu, double postgresCpu, double clientCpu, long servicePeakBytes) {
    /** What was used since an earlier look; the peak stays as it is. */
    Usage since(Usage earlier) {
        return new Usage(
                serviceCpu - earlier.serviceCpu,
                postgresCpu - earlier.postgresCpu,
                clientCpu - earlier.clientCpu,
                servicePeakBytes);
    }

    Usage perSecond(long seconds) {
        return new Usage(serviceCpu / seconds, postgresCpu / seconds, clientCpu / seconds, servicePeakBytes);
    }
}
