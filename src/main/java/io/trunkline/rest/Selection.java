package io.trunkline.rest;

import io.trunkline.access.Quotas;
import io.trunkline.edge.Exchange;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.filter.Filter;
import io.trunkline.log.LogConfig;
import io.trunkline.log.Search;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Which records a request wants, and in which order.
 *
 * @param newestFirst whether the offsets go down
 */
record Selection(Optional<Filter> filter, boolean newestFirst) {
    static final String FILTER = "filter";
    static final String ORDER = "order";
    static final String FILTER_DESCRIPTION =
            "Only records that match, such as header.type = \"created\" and key ^= \"order-\" and value.country = \"DE\"; a"
                    + " response may have none although there are more, and says how far it has looked.";
    static final String ORDER_DESCRIPTION =
            "asc, or desc for the newest first: from offset downwards, or from the end. Not with timestamp or timeout.";
    private static final String PASSED_RECORDS = "Trunkline-Passed-Records";

    /** @throws TrunklineException {@code INVALID_PARAMETER} */
    static Selection of(RoutingContext context, @Nullable String order) {
        boolean newestFirst = switch (order) {
            case null -> false;
            case "asc" -> false;
            case "desc" -> true;
            default ->
                throw new TrunklineException(ErrorCode.INVALID_PARAMETER, "The parameter order must be asc or desc.");
        };
        return new Selection(
                Parameters.text(FILTER, context.request().query()).map(text -> Filter.parse(FILTER, text)),
                newestFirst);
    }

    /**
     * Of a consumer or a stream, which get records in the order of their offsets.
     *
     * @throws TrunklineException {@code INVALID_PARAMETER}
     */
    static Selection unordered(RoutingContext context) {
        if (context.queryParams().contains(ORDER)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "Consumers and streams have no parameter order: they get records in the order of their offsets.");
        }
        return of(context, null);
    }

    /**
     * What the log is to be searched for.
     *
     * @param context of the request, whose exchange counts what is found, until {@link #found}, and whose quota counts what is passed
     *     over
     * @param ended completes when the client waits no longer
     */
    Optional<Search> search(LogConfig.Fetch config, RoutingContext context, CompletableFuture<Void> ended) {
        Exchange exchange = Exchange.of(context);
        Optional<Quotas.Account> account = QuotaFilter.account(context);
        Optional<Search> search = filter.map(wanted -> new Search(
                wanted,
                config.filterBytes().asLongValue(),
                exchange::take,
                bytes -> account.ifPresent(known -> known.read(bytes))));
        search.ifPresent(begun -> ended.thenRun(begun::stop));
        return search;
    }

    /** What the pages of a stream are searched for. */
    StreamFilter ofStream(LogConfig.Fetch config, RoutingContext context) {
        return new StreamFilter(
                filter, config.filterBytes().asLongValue(), Exchange.of(context), QuotaFilter.account(context));
    }

    /** What was found is counted with the response from now on. */
    static void found(Optional<Search> search, Exchange exchange) {
        search.ifPresent(over -> exchange.giveBack(over.takeOver()));
    }

    /** Says how many records were passed over. */
    static void passed(Response.ResponseBuilder answer, Optional<Search> search) {
        search.ifPresent(over -> answer.header(PASSED_RECORDS, over.passedRecords()));
    }

    /** The parameters of a link to what comes next. */
    String parameters() {
        return filter.map(wanted -> "&" + FILTER + "=" + URLEncoder.encode(wanted.text(), StandardCharsets.UTF_8))
                        .orElse("")
                + (newestFirst ? "&" + ORDER + "=desc" : "");
    }

    /** Tells pages of the same records that were selected differently apart. */
    String tag() {
        return (newestFirst ? "-desc" : "")
                + filter.map(wanted ->
                                "-" + UUID.nameUUIDFromBytes(wanted.text().getBytes(StandardCharsets.UTF_8)))
                        .orElse("");
    }
}
