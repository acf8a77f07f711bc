package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.edge.BrowserSession;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.vertx.core.http.HttpMethod;
import java.net.http.HttpRequest;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Browsers that show the credential of their user in a cookie, and pages of others that would like to use it. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class SessionApiTest extends OperationsTestCase {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
    private static final Pattern PRINCIPAL = Pattern.compile("\"principal\":(null|\"[^\"]*\")");
    private static final String REMOVED = "trunkline=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";

    /** What the console's scripts send. */
    private static Api scripts(Api browser) {
        return browser.with(BrowserSession.HEADER, "1");
    }

    private Api cookie(String token) {
        return api.with("Cookie", "other=1; trunkline=" + token);
    }

    private Api.Answer login(Api browser, String token) {
        return scripts(browser).post("/session", "application/json", "{\"token\":\"" + token + "\"}");
    }

    @Test
    void somebodyWhoHasNotProvenAnythingIsNobody() {
        Api.Answer answer = api.get("/session?topic=" + topic, "application/json");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        JsonNode session = answer.json();
        assertThat(session.path("access").asText()).isEqualTo("required");
        assertThat(session.path("principal").isNull()).isTrue();
        assertThat(session.path("by").isNull()).isTrue();
        assertThat(session.path("expires_at").isNull()).isTrue();
        assertThat(session.path("roles")).isEmpty();
        assertThat(session.path("administrator").asBoolean()).isFalse();
        assertThat(session.path("cookie").asBoolean()).isFalse();
        assertThat(session.path("oidc_login").asBoolean()).isFalse();
        assertThat(session.path("read_only").asBoolean()).isFalse();
        assertThat(session.at("/rights/topics/" + topic)).isEmpty();
        assertThat(answer.response().headers().allValues("Cache-Control")).containsExactly("no-store");
        assertThat(answer.header("Vary")).contains("Cookie", "Authorization");
    }

    @Test
    void tokenBecomesACookieThatScriptsCannotReadAndOtherSitesDoNotSend() {
        String token = token(prefix + "ann", "reader");

        Api.Answer answer = login(api, token);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.response().headers().allValues("Set-Cookie"))
                .containsExactly("trunkline=" + token + "; Path=/; HttpOnly; SameSite=Strict");
        assertThat(answer.json().path("principal").asText()).isEqualTo(prefix + "ann");
        assertThat(answer.json().path("cookie").asBoolean()).isTrue();
        assertThat(answer.body()).doesNotContain(token);
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(cookie(token).get("/topics/" + topic).status()).isEqualTo(200);
    }

    @Test
    void overTlsTheCookieIsOfThisHostAlone() {
        Api https = api.with("X-Forwarded-Proto", "https");

        Api.Answer answer = login(https, victim);

        assertThat(answer.header("Set-Cookie"))
                .isEqualTo("__Host-trunkline=" + victim + "; Path=/; HttpOnly; SameSite=Strict; Secure");
        assertThat(https.with("Cookie", "__Host-trunkline=" + victim)
                        .get("/topics")
                        .status())
                .isEqualTo(200);
        // Any host of the same site, and whoever is on the network, could have set these.
        isRefused(https.with("Cookie", "trunkline=" + victim).get("/topics"), NOBODY);
        isRefused(api.with("Cookie", "__Host-trunkline=" + victim).get("/topics"), NOBODY);
    }

    @Test
    void sessionTellsWhatItsPrincipalMayDo() throws SQLException {
        String name = prefix + "ann";
        allow(name, "read topic " + topic);
        allow(name, "manage topic " + prefix + "mine*");
        allow(name, "use group " + group);
        String token = token(name, "auditor");
        asOwner("UPDATE trunkline.access_token SET expires_at = '2100-01-02T03:04:05Z' WHERE token_id = '" + id(token)
                + "'");
        token(prefix + "other"); // so that the service has looked
        String query = "/session?topic=" + topic + "&topic=" + prefix + "mine1&topic=" + prefix + "none&group=" + group
                + "&group=" + name + ".own&topic=%00..%2F";

        JsonNode byCookie = cookie(token).get(query).json();
        JsonNode byHeader = api.as(token).get(query).json();

        assertThat(byCookie.path("principal").asText()).isEqualTo(name);
        assertThat(byCookie.path("roles").toString()).isEqualTo("[\"auditor\"]");
        assertThat(byCookie.path("by").asText()).isEqualTo("token");
        assertThat(byCookie.path("expires_at").asText()).isEqualTo("2100-01-02T03:04:05Z");
        assertThat(byCookie.path("cookie").asBoolean()).isTrue();
        assertThat(byHeader.path("cookie").asBoolean()).isFalse();
        assertThat(byCookie.at("/rights/topics/" + topic).toString()).isEqualTo("[\"read\"]");
        assertThat(byCookie.at("/rights/topics/" + prefix + "mine1").toString()).isEqualTo("[\"manage\"]");
        assertThat(byCookie.at("/rights/topics/" + prefix + "none")).isEmpty();
        assertThat(byCookie.at("/rights/groups/" + group).toString()).isEqualTo("[\"use\"]");
        assertThat(byCookie.at("/rights/groups/" + name + ".own").toString()).isEqualTo("[\"use\"]");
        assertThat(admin.get("/session").json().path("administrator").asBoolean())
                .isTrue();
        assertThat(admin.get("/session").json().path("roles").toString()).isEqualTo("[\"admin\"]");
        assertThat(admin.get("/session").json().path("expires_at").isNull()).isTrue();
        assertThat(api.get("/session?topic=a".concat("&topic=a".repeat(99))).status())
                .isEqualTo(200);
        assertThat(api.get("/session?topic=a".concat("&topic=a".repeat(100))).code())
                .isEqualTo("INVALID_PARAMETER");
    }

    @Test
    void whatIsNoTokenBeginsNoSession() throws SQLException {
        String expired = expiredTokenBySql(prefix + "late", "admin");
        token(prefix + "other"); // so that the service has looked
        for (String wrong :
                List.of("", "x", expired, victim + "x", victim + "\\r\\nSet-Cookie: a=b", victim + ";", "é")) {
            Api.Answer answer = login(api, wrong);
            assertThat(answer.status()).as(wrong).isEqualTo(401);
            assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
            assertThat(answer.header("Set-Cookie")).isEmpty();
            assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
        }
        assertThat(login(api, "x".repeat(BrowserSession.LONGEST + 1)).code()).isEqualTo("TOKEN_TOO_LARGE");
        assertThat(login(api, "x".repeat(17_000)).code()).isEqualTo("BODY_TOO_LARGE");
        for (String body : List.of("", "{}", "[]", "{\"token\":1}", "{\"token\":\"x\",\"to\":1}", "x")) {
            assertThat(scripts(api).post("/session", "application/json", body).status())
                    .as(body)
                    .isBetween(400, 422);
        }
    }

    @Test
    void sessionOfACookieThatProvesNothingIsOver() {
        String stranger = victim.substring(0, victim.length() - 1) + (victim.endsWith("a") ? "b" : "a");
        for (String path : List.of("/topics", "/session", "/topics/" + topic)) {
            for (Api browser : List.of(cookie(stranger), cookie("garbage"), cookie(victim + "; trunkline=" + victim))) {
                Api.Answer answer = browser.get(path);
                assertThat(answer.status()).isEqualTo(401);
                assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
                assertThat(answer.header("Set-Cookie")).isEqualTo(REMOVED);
                assertThat(answer.header("WWW-Authenticate"))
                        .as("a browser asks its user for a password where it could be Basic")
                        .isEqualTo("Bearer");
            }
        }
        assertThat(cookie("").get("/session").status()).isEqualTo(200);
        isRefused(cookie("").get("/topics"), NOBODY);
    }

    @Test
    void sessionEndsWithItsToken() {
        String token = token(prefix + "ann", "reader");
        Api browser = cookie(token);
        assertThat(browser.get("/topics").status()).isEqualTo(200);
        CompletableFuture<Api.Answer> waits =
                browser.getLater("/topics/" + topic + "/partitions/0/records?offset=3&timeout=20000");

        assertThat(admin.delete("/tokens/" + id(token)).status()).isEqualTo(204);

        assertThat(browser.get("/topics").status()).isEqualTo(401);
        assertThat(waits.orTimeout(10, TimeUnit.SECONDS).join().status()).isEqualTo(401);
    }

    @Test
    void headerGoesBeforeTheCookie() {
        Api both = api.as("wrong").with("Cookie", "trunkline=" + victim);

        Api.Answer answer = both.get("/topics");

        isRefused(answer, INVALID);
        assertThat(answer.header("Set-Cookie")).isEmpty();
        assertThat(api.as(administrator)
                        .with("Cookie", "trunkline=wrong")
                        .get("/tokens")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void endOfASessionRemovesTheCookie() {
        for (Api browser : List.of(cookie(victim), cookie("garbage"), api)) {
            Api.Answer answer = scripts(browser).delete("/session");
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("Set-Cookie")).isEqualTo(REMOVED);
        }
    }

    /** What a form or an image of another page could send, had the browser sent the cookie with it. */
    @Test
    void cookieAloneChangesNothing() throws SQLException {
        Api browser = cookie(administrator);
        String before = one(STATE);

        for (ApiOperation operation : ApiOperation.values()) {
            boolean read = operation.method() == HttpMethod.GET && operation != ApiOperation.POLL;
            boolean session = operation == ApiOperation.CREATE_SESSION || operation == ApiOperation.DELETE_SESSION;
            if (!read && !session) {
                Api.Answer answer = send(browser, operation);
                assertThat(answer.status()).as(operation.id()).isEqualTo(403);
                assertThat(answer.code()).as(operation.id()).isEqualTo("CONSOLE_HEADER_MISSING");
            }
        }
        Api.Answer stream = browser.send(browser.request("/consumers/" + group + "/instances/theirs/records")
                .header("Accept", "text/event-stream")
                .GET());
        assertThat(stream.code()).isEqualTo("CONSOLE_HEADER_MISSING");
        for (Api nobody : List.of(api, browser)) {
            assertThat(nobody.delete("/session").code()).isEqualTo("CONSOLE_HEADER_MISSING");
            assertThat(nobody.post("/session", "application/json", "{\"token\":\"" + victim + "\"}")
                            .code())
                    .isEqualTo("CONSOLE_HEADER_MISSING");
        }
        assertThat(one(STATE)).isEqualTo(before);
    }

    @Test
    void scriptsOfTheConsoleDoWhatTheirUserMay() {
        Api console =
                scripts(cookie(administrator)).with("Origin", base.toString().replaceFirst("/$", ""));

        for (ApiOperation operation :
                List.of(ApiOperation.SEND, ApiOperation.CREATE_TOPIC, ApiOperation.CREATE_TOKEN, ApiOperation.POLL)) {
            assertThat(send(console, operation).status()).as(operation.id()).isBetween(200, 201);
        }
        assertThat(send(scripts(cookie(victim)), ApiOperation.CREATE_TOKEN).code())
                .isEqualTo("ACCESS_DENIED");
        assertThat(send(cookie(administrator), ApiOperation.FETCH).status()).isEqualTo(200);
        assertThat(send(cookie(administrator), ApiOperation.STREAM).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "Origin,https://evil.example.org",
        "Origin,null",
        "Origin,http://localhost:1",
        "Sec-Fetch-Site,cross-site",
        "Sec-Fetch-Site,same-site"
    })
    void pageOfAnotherOriginDoesNothingWithTheCookieOfAUser(String header, String value) throws SQLException {
        Api page = scripts(cookie(administrator)).with(header, value);
        String before = one(STATE);

        for (ApiOperation operation : List.of(
                ApiOperation.FETCH,
                ApiOperation.LIST_TOPICS,
                ApiOperation.SEND,
                ApiOperation.DELETE_TOPIC,
                ApiOperation.CREATE_TOKEN,
                ApiOperation.GET_SESSION,
                ApiOperation.CREATE_SESSION,
                ApiOperation.DELETE_SESSION)) {
            Api.Answer answer = send(page, operation);
            assertThat(answer.code()).as(operation.id()).isEqualTo("ORIGIN_NOT_ALLOWED");
            assertThat(answer.header("Set-Cookie")).isEmpty();
        }
        assertThat(one(STATE)).isEqualTo(before);
    }

    /** A page may set this header where CORS lets it, and a careless proxy passes it on. */
    @Test
    void originIsNotOursBecauseTheRequestSaysSo() {
        Api page = scripts(cookie(administrator))
                .with("Origin", "https://evil.example.org")
                .with("X-Forwarded-Host", "evil.example.org");

        assertThat(page.get("/topics").status()).isEqualTo(401);
        assertThat(page.get("/topics").header("Set-Cookie")).isEmpty();
        assertThat(page.delete("/topics/" + topic).status()).isEqualTo(401);
        assertThat(page.delete("/session").code()).isEqualTo("ORIGIN_NOT_ALLOWED");
        assertThat(page.get("/session").json().path("principal").isNull()).isTrue();
    }

    @Test
    void pageThatCameBeforeTlsIsAnotherOrigin() {
        String host = base.getHost(); // with the port of its scheme, as the proxy has it
        Api https = api.with("X-Forwarded-Proto", "https").with("Cookie", "__Host-trunkline=" + victim);

        Api.Answer before = https.with("Origin", "http://" + host).get("/topics");
        Api.Answer now = https.with("Origin", "https://" + host).get("/topics");

        assertThat(before.status()).as(before.body()).isEqualTo(401);
        assertThat(now.status()).as(now.body()).isEqualTo(200);
    }

    /** Somebody else may use the same browser, or the same proxy, next. */
    @Test
    void nothingThatACookieShowsIsKept() {
        String page = "/topics/" + topic + "/partitions/0/records?offset=0&max_records=2";

        Api.Answer byCookie = cookie(administrator).get(page, Api.JSON);
        Api.Answer byHeader = admin.get(page, Api.JSON);

        assertThat(byCookie.status()).isEqualTo(200);
        assertThat(byCookie.response().headers().allValues("Cache-Control")).containsExactly("no-store");
        assertThat(byCookie.header("ETag")).isEmpty();
        assertThat(byHeader.header("Cache-Control")).startsWith("private");
        assertThat(byHeader.header("Vary")).contains("Accept", "Authorization", "Cookie");
        for (String path : List.of("/topics", "/topics/" + topic, "/groups", "/session", "/tokens")) {
            assertThat(cookie(administrator).get(path).response().headers().allValues("Cache-Control"))
                    .as(path)
                    .containsExactly("no-store");
        }
    }

    /** As those of a proxy, on which the requests of many people come. */
    @Test
    void whatAConnectionHasProvenIsProvenByTheSameCookieOnly() {
        String ann = token(prefix + "ann", "reader");
        String bob = token(prefix + "bob");
        String evil = "Sec-Fetch-Site: cross-site\r\n";
        String bearer = "Authorization: Bearer ";

        List<String> statuses = statuses(
                shown(ann),
                shown(ann),
                "",
                shown(bob),
                shown(ann) + evil,
                shown(ann),
                "Cookie: trunkline=" + ann.substring(1) + "\r\n",
                shown(ann) + "Authorization: " + ann + "\r\n",
                shown(ann) + bearer + bob + "\r\n",
                bearer + ann + "\r\n",
                shown(ann) + "Cookie: trunkline=" + bob + "\r\n",
                "Cookie: xtrunkline=" + ann + "\r\n",
                "Cookie: a=trunkline=" + ann + "\r\n",
                shown(ann));

        assertThat(statuses)
                .containsExactly(
                        "200", "200", "401", "404", "403", "200", "401", "401", "404", "200", "401", "401", "401",
                        "200");
    }

    @Test
    void streamsOfOneConnectionHaveASessionEach() {
        String ann = token(prefix + "ann");
        String bob = token(prefix + "bob");
        List<String> principals = new ArrayList<>();

        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 streams = new RawHttp2(connection, 65_535);
            for (String token : List.of(ann, ann, "", bob, ann, "", bob)) {
                streams.request(
                        "GET", "/session", true, token.isEmpty() ? Map.of() : Map.of("cookie", "trunkline=" + token));
                Matcher principal = PRINCIPAL.matcher(connection.readUntil("}}}"));
                assertThat(principal.find()).isTrue();
                principals.add(principal.group(1));
            }
        }

        String anns = "\"" + prefix + "ann\"";
        String bobs = "\"" + prefix + "bob\"";
        assertThat(principals).containsExactly(anns, anns, "null", bobs, anns, "null", bobs);
    }

    private static String shown(String token) {
        return "Cookie: trunkline=" + token + "\r\n";
    }

    private List<String> statuses(String... headers) {
        List<String> statuses = new ArrayList<>();
        try (RawHttp http = new RawHttp(base.getPort())) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < headers.length; i++) {
                http.send("GET /topics/" + topic + "/partitions/0 HTTP/1.1\r\nHost: localhost:" + base.getPort()
                        + "\r\n" + headers[i] + (i == headers.length - 1 ? "Connection: close\r\n" : "") + "\r\n");
                all.append(i == headers.length - 1 ? http.readAll() : http.readUntil("}"));
            }
            Matcher status = STATUS.matcher(all);
            while (status.find()) {
                statuses.add(status.group(1));
            }
        }
        return statuses;
    }

    @Test
    void managementPortTakesNoCookie() {
        assertThat(ops.with("Cookie", "trunkline=" + administrator)
                        .get("/metrics")
                        .status())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/session/login", "/session/login?to=%2Fconsole%2F", "/session/callback?code=a&state=b"})
    void withoutAProviderNobodyLogsInThere(String path) {
        assertThat(api.get(path).code()).isEqualTo("PATH_NOT_FOUND");
    }

    @Test
    void tokenOfAUrlIsNone() {
        for (String query : List.of("?token=", "?access_token=", "?trunkline=")) {
            isRefused(api.get("/topics" + query + administrator), NOBODY);
        }
    }

    @Test
    void manyCookiesCostNothing() {
        String many = String.join(
                "; ", IntStream.range(0, 500).mapToObj(i -> "c" + i + "=" + i).toList());

        assertThat(api.with("Cookie", many + "; trunkline=" + victim)
                        .get("/topics")
                        .status())
                .isEqualTo(200);
        assertThat(api.send(api.request("/topics")
                                .header("Cookie", "a=1")
                                .header("Cookie", "trunkline=" + victim)
                                .method("HEAD", HttpRequest.BodyPublishers.noBody()))
                        .status())
                .isEqualTo(200);
    }
}
