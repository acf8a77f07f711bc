package io.trunkline.rest;

import io.trunkline.access.Quotas;
import io.trunkline.edge.Exchange;
import io.trunkline.filter.Filter;
import io.trunkline.log.Search;
import java.util.Optional;

/**
 * Which records a stream wants. Each page has a search of its own, so that a page is a bounded amount of work, between two of which
 * others have their turn and a quota can slow the stream down. Used by one page after the other; any thread may stop it.
 */
final class StreamFilter {
    private final Optional<Filter> filter;
    private final long maxBytes;
    private final Exchange exchange;
    private final Optional<Quotas.Account> account;
    private volatile Optional<Search> search = Optional.empty();
    private volatile boolean stopped;

    /**
     * @param filter which records; all of them where it is empty
     * @param maxBytes that a page may look at
     * @param exchange counts what is found, until the page does
     * @param account counts what is passed over, as it is
     */
    StreamFilter(Optional<Filter> filter, long maxBytes, Exchange exchange, Optional<Quotas.Account> account) {
        this.filter = filter;
        this.maxBytes = maxBytes;
        this.exchange = exchange;
        this.account = account;
    }

    /** What the next page is searched for. */
    Optional<Search> begin() {
        Optional<Search> begun = filter.map(wanted ->
                new Search(wanted, maxBytes, exchange::take, bytes -> account.ifPresent(known -> known.read(bytes))));
        search = begun;
        if (stopped) {
            begun.ifPresent(Search::stop);
        }
        return begun;
    }

    /** Nobody reads the stream any more: no further chunk is looked at. */
    void stop() {
        stopped = true;
        search.ifPresent(Search::stop);
    }

    /** The search has ended, whatever it has found. */
    void end() {
        search.ifPresent(over -> exchange.giveBack(over.takeOver()));
        search = Optional.empty();
    }
}
