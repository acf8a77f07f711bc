package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.access.Access;
import io.trunkline.access.ApiToken;
import io.trunkline.access.Audit;
import io.trunkline.access.AuditEvent;
import io.trunkline.access.Credentials;
import io.trunkline.access.Principal;
import io.trunkline.edge.ClientNetwork;
import io.trunkline.edge.HttpCredentials;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what clients change, whatever comes of it, and what they are refused. Other requests cost an entry in a map, so that
 * it can be found where one is refused.
 */
@Singleton
class AuditFilter {
    private static final String KEY = AuditFilter.class.getName();
    private static final long FLUSH_MILLIS = TimeUnit.MINUTES.toMillis(1);
    private static final String RECORDS = "/topics/";

    /** What changes what others find. */
    private static final Set<ApiOperation> CHANGES = EnumSet.of(
            ApiOperation.CREATE_TOPIC,
            ApiOperation.CHANGE_TOPIC,
            ApiOperation.DELETE_TOPIC,
            ApiOperation.DELETE_RECORDS,
            ApiOperation.DELETE_GROUP,
            ApiOperation.RESET_OFFSETS,
            ApiOperation.CREATE_TOKEN,
            ApiOperation.REVOKE_TOKEN,
            ApiOperation.CREATE_RULE,
            ApiOperation.DELETE_RULE);

    private static final Set<ErrorCode> REFUSALS = EnumSet.of(
            ErrorCode.AUTHENTICATION_REQUIRED,
            ErrorCode.ACCESS_DENIED,
            ErrorCode.ADMINISTRATION_DISABLED,
            ErrorCode.CONSOLE_HEADER_MISSING,
            ErrorCode.CONSOLE_READ_ONLY,
            ErrorCode.TOO_MANY_ATTEMPTS,
            ErrorCode.QUOTA_EXCEEDED);

    private final Audit audit;
    private final Clock clock;
    private final boolean known;

    AuditFilter(Audit audit, Access access, Clock clock) {
        this.audit = audit;
        this.clock = clock;
        known = access.isRequired();
    }

    void register(@Observes Filters filters, Vertx vertx) {
        filters.register(this::watch, FilterOrder.AUDIT);
        vertx.setPeriodic(FLUSH_MILLIS, tick -> audit.flush());
    }

    /** One request as it will be written down. Used by its event loop, and by the resource before that responds. */
    private final class Watched {
        private final RoutingContext context;
        /** What it is about; null as long as nobody has said so. Guarded by this. */
        private @Nullable Map<String, String> about;

        private @Nullable ApiOperation change;
        private @Nullable String address;
        private volatile @Nullable ErrorCode code;
        private volatile boolean hidden;
        private volatile boolean tries;

        private Watched(RoutingContext context) {
            this.context = context;
        }

        private void begin() {
            HttpServerRequest request = context.request();
            HttpMethod method = request.method();
            boolean reads = method == HttpMethod.GET || method == HttpMethod.HEAD;
            if (reads || method == HttpMethod.POST && context.normalizedPath().startsWith(RECORDS)) {
                return;
            }
            asked().filter(asked -> CHANGES.contains(asked.operation())).ifPresent(asked -> {
                change = asked.operation();
                // A connection that has been closed does not know it any more.
                address = ClientNetwork.addressOf(request);
                context.addEndHandler(end -> ended(asked.operation().id(), outcome()));
            });
        }

        private void ended(String action, AuditEvent.Outcome outcome) {
            if (!tries || outcome == AuditEvent.Outcome.REFUSED) {
                write(action, outcome);
            }
        }

        private Optional<ApiOperation.Asked> asked() {
            Optional<ApiOperation.Asked> asked =
                    ApiOperation.of(context.request().method(), context.normalizedPath());
            asked.filter(some -> !some.name().isEmpty())
                    .ifPresent(some -> add(kind(some.operation().path()), some.name()));
            return asked;
        }

        private synchronized void add(String kind, String name) {
            if (about == null) {
                about = new HashMap<>();
            }
            about.put(kind, name);
        }

        private synchronized Map<String, String> about() {
            return about == null ? Map.of() : Map.copyOf(about);
        }

        private void refused(ErrorCode reason) {
            code = reason;
            if (change == null && (hidden || REFUSALS.contains(reason))) {
                write(asked().map(asked -> asked.operation().id()).orElse("unknown"), AuditEvent.Outcome.REFUSED);
            }
        }

        private AuditEvent.Outcome outcome() {
            HttpServerResponse response = context.response();
            if (!response.headWritten()) {
                boolean stranger = known && Caller.of(context).principal().isEmpty();
                return stranger ? AuditEvent.Outcome.REFUSED : AuditEvent.Outcome.UNKNOWN;
            }
            ErrorCode reason = code;
            if (response.getStatusCode() < 300) {
                return AuditEvent.Outcome.DONE;
            }
            if (reason == ErrorCode.OUTCOME_UNKNOWN) {
                return AuditEvent.Outcome.UNKNOWN;
            }
            return hidden || reason != null && REFUSALS.contains(reason)
                    ? AuditEvent.Outcome.REFUSED
                    : AuditEvent.Outcome.FAILED;
        }

        private void write(String action, AuditEvent.Outcome outcome) {
            ErrorCode reason = code;
            String from = address == null ? ClientNetwork.addressOf(context.request()) : address;
            String id = context.response().headers().get(RequestIds.HEADER);
            audit.record(
                    new AuditEvent(
                            clock.instant(),
                            action,
                            outcome,
                            Caller.of(context).principal().map(Principal::name).orElse(""),
                            credential(context),
                            from,
                            about(),
                            reason == null ? "" : reason.name(),
                            id == null ? "" : id),
                    ClientNetwork.of(from));
        }
    }

    private void watch(RoutingContext context) {
        if (context.get(KEY) == null) {
            Watched watched = new Watched(context);
            context.put(KEY, watched);
            watched.begin();
        }
        context.next();
    }

    /** Notes what a request is about, beside what its path says. */
    static void about(RoutingContext context, String kind, String name) {
        Watched watched = context.get(KEY);
        if (watched != null) {
            watched.add(kind, name);
        }
    }

    /** Notes that a request only tries what it would do: of that nothing is written down, unless it is refused. */
    static void changesNothing(RoutingContext context) {
        Watched watched = context.get(KEY);
        if (watched != null) {
            watched.tries = true;
        }
    }

    /** Writes down that a request has created a topic, which is not what it asks for. */
    static void created(RoutingContext context, TopicName topic) {
        Watched watched = context.get(KEY);
        if (watched != null) {
            watched.add("topic", topic.value());
            watched.write(ApiOperation.CREATE_TOPIC.id(), AuditEvent.Outcome.DONE);
        }
    }

    /** Notes that a request fails. */
    static void failed(RoutingContext context, ErrorCode code) {
        Watched watched = context.get(KEY);
        if (watched != null) {
            watched.refused(code);
        }
    }

    /** Notes that what a request asks for is refused, whatever the client is told. */
    static void denied(RoutingContext context) {
        Watched watched = context.get(KEY);
        if (watched != null) {
            watched.hidden = true;
        }
    }

    private static String kind(String path) {
        String first = path.substring(1, Math.max(1, path.indexOf('/', 1)));
        return switch (first) {
            case "topics" -> "topic";
            case "tokens" -> "token";
            case "rules" -> "rule";
            default -> "group";
        };
    }

    private static Credentials shown(RoutingContext context) {
        try {
            return HttpCredentials.of(context);
        } catch (TrunklineException e) {
            return Credentials.NONE; // what nobody can read
        }
    }

    /** What a client shows to prove who it is: never the secret of a token. */
    private static String credential(RoutingContext context) {
        Optional<ApiToken> proven = Caller.of(context).token();
        Credentials shown = shown(context);
        Optional<String> text = shown.bearer().or(() -> shown.password().map(Credentials.Password::token));
        Optional<ApiToken> token = proven.or(() -> text.flatMap(ApiToken::parse));
        if (token.isPresent()) {
            return "token " + token.get().id();
        }
        if (shown.bearer().isPresent()) {
            return "oidc";
        }
        if (shown.password().isPresent()) {
            return "password";
        }
        return shown.certificates().isEmpty() ? "" : "certificate";
    }
}
