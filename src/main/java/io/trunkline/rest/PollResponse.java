package io.trunkline.rest;

import io.trunkline.consumer.Poll;
import io.trunkline.edge.Exchange;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The response to a poll, which holds the records back from others until the network has taken it. */
final class PollResponse {
    private static final String GENERATION = "Trunkline-Generation";

    private PollResponse() {}

    /**
     * Responds with what a poll has found.
     *
     * @param wanted what the client accepts
     * @param included what else it asks for, by the format that it gets
     * @param ended completes when the response has been sent, or the client has gone
     */
    static Response.ResponseBuilder of(
            Poll poll,
            MediaTypes.Wanted wanted,
            Function<RecordFormat.Accepted, Set<Include>> included,
            Exchange exchange,
            CompletableFuture<Void> ended) {
        try {
            RecordFormat.Accepted accepted = RecordFormat.stored(poll.format()).accepted(wanted);
            boolean errors = included.apply(accepted).contains(Include.ERROR);
            RecordsPage body = new RecordsPage(poll.parts().stream()
                    .map(part -> new RecordsPage.Part(
                            new RecordJson(
                                    part.partition().topic(), part.partition().partition(), accepted.format(), errors),
                            part.page().batches()))
                    .toList());
            body.count(
                    exchange, poll.parts().stream().allMatch(part -> part.page().shared()));
            // Until the network has taken it, the records are held back for this answer.
            body.written().thenAccept(poll::ended);
            ended.thenRun(body::ended);
            return Response.ok(body)
                    .type(accepted.mediaType())
                    .header(GENERATION, poll.generation())
                    .header(HttpHeaders.CACHE_CONTROL, "no-store");
        } catch (RuntimeException e) {
            poll.ended(false);
            throw e;
        }
    }
}
