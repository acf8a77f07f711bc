package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.edge.BrowserSession;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.LoginServer;
import io.trunkline.testing.ServiceProcess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** People who log in at a provider, to a console that only shows things, of a service whose API pages of a friend may use. */
@QuarkusTest
@TestProfile(LoginTest.WithLogin.class)
class LoginTest extends AccessTestCase {
    private static final String CLIENT = "trunkline console";
    private static final String SECRET = "s:e%c r&t";
    private static final String FRIEND = "https://friend.example.org";

    private static @Nullable LoginServer server;

    /** A provider, a console that only shows things, and pages of another origin that may use the API. */
    public static final class WithLogin implements QuarkusTestProfile {
        private static final int PORT = ServiceProcess.freePort();

        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.ofEntries(
                    Map.entry("trunkline.access.mode", "required"),
                    Map.entry("trunkline.access.failed-attempts", "10"),
                    Map.entry("trunkline.access.oidc.issuer", "http://localhost:" + PORT),
                    Map.entry("trunkline.access.oidc.audience", "trunkline," + CLIENT),
                    Map.entry("trunkline.access.oidc.roles-claims", "groups"),
                    Map.entry("trunkline.access.oidc.login.client-id", CLIENT),
                    Map.entry("trunkline.access.oidc.login.client-secret", SECRET),
                    Map.entry("trunkline.access.oidc.login.scopes", "openid,profile"),
                    Map.entry("trunkline.console.read-only", "true"),
                    Map.entry("quarkus.http.cors.enabled", "true"),
                    Map.entry("quarkus.http.cors.origins", FRIEND),
                    Map.entry("quarkus.http.cors.access-control-allow-credentials", "true"),
                    Map.entry("quarkus.http.proxy.proxy-address-forwarding", "true"),
                    Map.entry("quarkus.http.proxy.allow-x-forwarded", "true"));
        }
    }

    @BeforeAll
    static void startProvider() {
        server = new LoginServer(WithLogin.PORT, CLIENT, SECRET);
    }

    @AfterAll
    static void stopProvider() {
        provider().close();
    }

    private static LoginServer provider() {
        LoginServer current = server;
        if (current == null) {
            throw new IllegalStateException("not started");
        }
        return current;
    }

    @BeforeEach
    void everythingAsItShouldBe() {
        provider().behave();
    }

    /** A browser: it keeps cookies by name and path, and follows nothing by itself. */
    private final class Browser {
        private final HttpClient http = HttpClient.newHttpClient();
        private final Map<String, String> values = new TreeMap<>();
        private final Map<String, String> paths = new TreeMap<>();
        private final List<String> set = new ArrayList<>();
        private final List<String> headers = new ArrayList<>();

        Browser with(String... more) {
            headers.addAll(List.of(more));
            return this;
        }

        HttpResponse<String> get(String path) throws IOException, InterruptedException {
            URI address = base.resolve(path);
            HttpRequest.Builder request = HttpRequest.newBuilder(address);
            String cookies = values.entrySet().stream()
                    .filter(cookie -> address.getPath().startsWith(paths.get(cookie.getKey())))
                    .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
                    .collect(Collectors.joining("; "));
            if (!cookies.isEmpty()) {
                request.header("Cookie", cookies);
            }
            for (int i = 0; i < headers.size(); i += 2) {
                request.header(headers.get(i), headers.get(i + 1));
            }
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            response.headers().allValues("Set-Cookie").forEach(this::keep);
            return response;
        }

        private void keep(String cookie) {
            set.add(cookie);
            String name = cookie.substring(0, cookie.indexOf('='));
            if (cookie.contains("Max-Age=0")) {
                values.remove(name);
            } else {
                values.put(name, cookie.substring(name.length() + 1, cookie.indexOf(';')));
                paths.put(name, cookie.replaceFirst(".*Path=([^;]*).*", "$1"));
            }
        }

        /** Goes to the provider, whose answer leads back here. */
        String toProvider(String to) throws IOException, InterruptedException {
            HttpResponse<String> away = get("/session/login?to=" + URLEncoder.encode(to, StandardCharsets.UTF_8));
            assertThat(away.statusCode()).as(location(away)).isEqualTo(302);
            HttpResponse<String> back = http.send(
                    HttpRequest.newBuilder(URI.create(location(away))).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(back.statusCode()).isEqualTo(302);
            URI callback = URI.create(location(back));
            assertThat(callback.getPath()).isEqualTo("/session/callback");
            return callback.getRawPath() + "?" + callback.getRawQuery();
        }

        /** Where a login leads. */
        String login(String to) throws IOException, InterruptedException {
            return callback(toProvider(to));
        }

        String callback(String path) throws IOException, InterruptedException {
            HttpResponse<String> end = get(path);
            assertThat(end.statusCode()).as(end.body()).isEqualTo(303);
            assertThat(end.headers().allValues("Cache-Control")).containsExactly("no-store");
            return location(end);
        }

        boolean hasSession() {
            return values.containsKey("trunkline");
        }
    }

    private static String location(HttpResponse<String> response) {
        return response.headers().firstValue("Location").orElse("");
    }

    private static String failed(String code) {
        return "/console/login?error=" + code + "&to=%2Fconsole%2F";
    }

    @Test
    void personWhoLogsInHasASession() throws Exception {
        String topic = topic("orders", 1);
        Browser browser = new Browser();

        String end = browser.login("/console/topics/a%20b?from=1&order=desc");

        assertThat(end).isEqualTo("/console/topics/a%20b?from=1&order=desc");
        assertThat(browser.set.getFirst())
                .matches("trunkline-login=[^;]+; Path=/session; HttpOnly; SameSite=Lax; Max-Age=600");
        assertThat(browser.set)
                .anyMatch(cookie -> cookie.matches("trunkline=eyJ[^;]+; Path=/; HttpOnly; SameSite=Strict"));
        assertThat(browser.values.keySet()).containsExactly("trunkline");
        Api.Answer session = api.with("Cookie", "trunkline=" + browser.values.get("trunkline"))
                .get("/session?topic=" + topic);
        assertThat(session.json().path("principal").asText()).isEqualTo("ann");
        assertThat(session.json().path("by").asText()).isEqualTo("oidc");
        assertThat(session.json().path("roles").toString()).isEqualTo("[\"reader\"]");
        assertThat(session.json().path("oidc_login").asBoolean()).isTrue();
        assertThat(session.json().path("read_only").asBoolean()).isTrue();
        assertThat(Instant.parse(session.json().path("expires_at").asText())).isAfter(Instant.now());
        assertThat(session.json().at("/rights/topics/" + topic).toString()).isEqualTo("[\"read\"]");
        assertThat(browser.get("/topics/" + topic).statusCode()).isEqualTo(200);
    }

    @Test
    void overTlsTheCookiesAreOfThisHostAlone() throws Exception {
        Browser browser = new Browser().with("X-Forwarded-Proto", "https");

        browser.login("/console/");

        assertThat(browser.set)
                .hasSize(3)
                .allMatch(cookie -> cookie.startsWith("__Host-trunkline") && cookie.endsWith("; Secure")
                        || cookie.startsWith("__Host-trunkline-login=;"))
                .allMatch(cookie -> cookie.contains("; Path=/; HttpOnly; "));
    }

    @Test
    void browserComesFromTheProviderByNavigation() throws Exception {
        Browser browser = new Browser();
        String callback = browser.toProvider("/console/");
        browser.with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document");

        assertThat(browser.callback(callback)).isEqualTo("/console/");
        assertThat(browser.get("/session/login").statusCode())
                .as("no other page begins a login")
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "//evil.example.org",
                "//evil.example.org/console/",
                "https://evil.example.org/console/",
                "/console",
                "/consolex/",
                "/console//evil.example.org",
                "/console/..//evil.example.org",
                "/console/../topics",
                "/console/..",
                "/console/%2e%2e/topics",
                "/console/.%2E//evil.example.org",
                "/console/%5c%5cevil.example.org",
                "/console/\\evil.example.org",
                "\\\\evil.example.org",
                "/\\evil.example.org",
                "/console/\t//evil",
                "/console/%0d%0aSet-Cookie:x=y",
                "/console/\r\nSet-Cookie: x=y",
                "/console/é",
                "/console/#//evil",
                "javascript:alert(1)",
                " /console/",
                "/CONSOLE/"
            })
    void loginLeadsNowhereElse(String to) throws Exception {
        HttpResponse<String> answer =
                new Browser().get("/session/login?to=" + URLEncoder.encode(to, StandardCharsets.UTF_8));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("INVALID_PARAMETER");
        assertThat(answer.headers().allValues("Set-Cookie")).isEmpty();
    }

    /** What a page of the same site could put into a browser over plain HTTP. */
    @Test
    void plantedCookieLeadsNowhereElse() throws Exception {
        Browser browser = new Browser();
        String callback = browser.toProvider("/console/");
        String secret = browser.values.getOrDefault("trunkline-login", "").split("\\.")[0];
        browser.values.put(
                "trunkline-login",
                secret + "."
                        + java.util.Base64.getUrlEncoder()
                                .encodeToString("//evil.example.org".getBytes(StandardCharsets.US_ASCII)));

        assertThat(browser.callback(callback)).isEqualTo(failed("LOGIN_EXPIRED"));
        assertThat(browser.hasSession()).isFalse();
    }

    /** An attacker begins a login of its own, and has somebody else's browser end it. */
    @Test
    void answerToTheLoginOfSomebodyElseIsNoLogin() throws Exception {
        Browser victim = new Browser();
        String attackers = new Browser().toProvider("/console/");
        int exchanges = provider().exchanges();

        assertThat(victim.callback(attackers)).isEqualTo(failed("LOGIN_EXPIRED"));
        String own = victim.toProvider("/console/");
        assertThat(victim.callback(attackers)).isEqualTo(failed("LOGIN_EXPIRED"));
        for (String state : List.of("state=", "state=x", "", own.replaceAll(".*(state=[^&]*).*", "$1&$1"))) {
            assertThat(victim.callback(own.replaceFirst("state=[^&]*", state)))
                    .as(state)
                    .isEqualTo(failed("LOGIN_EXPIRED"));
        }
        assertThat(provider().exchanges()).isEqualTo(exchanges);
        assertThat(victim.hasSession()).isFalse();
        assertThat(victim.callback(own))
                .as("the login that it has under way goes on")
                .isEqualTo("/console/");
    }

    @Test
    void codeOfSomebodyElseIsNoLogin() throws Exception {
        Browser victim = new Browser();
        String own = victim.toProvider("/console/");
        String code = new Browser().toProvider("/console/").replaceAll(".*(code=[^&]*).*", "$1");

        assertThat(victim.callback(own.replaceFirst("code=[^&]*", code))).isEqualTo(failed("LOGIN_REFUSED"));
        assertThat(victim.hasSession()).isFalse();
    }

    @Test
    void codeCountsOnce() throws Exception {
        Browser browser = new Browser();
        String callback = browser.toProvider("/console/");
        Browser thief = new Browser();
        thief.values.putAll(browser.values);
        thief.paths.putAll(browser.paths);

        assertThat(browser.callback(callback)).isEqualTo("/console/");
        assertThat(browser.callback(callback)).isEqualTo(failed("LOGIN_EXPIRED"));
        assertThat(thief.callback(callback)).isEqualTo(failed("LOGIN_REFUSED"));
        assertThat(thief.hasSession()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"nonce,other", "nonce,''", "aud,trunkline", "azp,other", "iss,https://evil.example.org", "exp,1"})
    void tokenThatIsNotOfThisLoginIsRefused(String claim, String value) throws Exception {
        provider().issue(token -> token.claim(claim, claim.equals("exp") ? (Object) 1L : value));
        Browser browser = new Browser();

        assertThat(browser.login("/console/")).isEqualTo(failed("AUTHENTICATION_REQUIRED"));
        assertThat(browser.values).isEmpty();
    }

    @Test
    void tokenWithoutANonceIsRefused() throws Exception {
        provider().issue(token -> token.without("nonce"));

        assertThat(new Browser().login("/console/")).isEqualTo(failed("AUTHENTICATION_REQUIRED"));
    }

    @Test
    void tokenThatNoBrowserKeepsIsRefused() throws Exception {
        provider().issue(token -> token.claim("padding", "x".repeat(3_500)));
        Browser browser = new Browser();

        assertThat(browser.login("/console/")).isEqualTo(failed("TOKEN_TOO_LARGE"));
        assertThat(browser.values).isEmpty();
    }

    @Test
    void refusalOfTheProviderIsTold() throws Exception {
        Browser browser = new Browser();
        String callback = browser.toProvider("/console/groups");

        String end = browser.callback(callback.replaceFirst(
                "code=[^&]*", "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E"));

        assertThat(end).isEqualTo("/console/login?error=LOGIN_REFUSED&to=%2Fconsole%2Fgroups");
        assertThat(browser.values).isEmpty();
    }

    /** RFC 9207: a code of one provider must not be taken to another. */
    @Test
    void answerOfAnotherProviderIsRefused() throws Exception {
        for (String issuer : List.of("&iss=https%3A%2F%2Fevil.example.org", "", "&iss=a&iss=b")) {
            Browser browser = new Browser();
            String callback = browser.toProvider("/console/");
            int exchanges = provider().exchanges();

            assertThat(browser.callback(callback.replaceFirst("&iss=[^&]*", issuer)))
                    .isEqualTo(failed("LOGIN_REFUSED"));
            assertThat(provider().exchanges()).isEqualTo(exchanges);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "", "<html>", "{\"id_token\":17}", "{\"id_token\":\"\"}", "[]"})
    void answerThatIsNoneIsTheFailureOfTheProvider(String body) throws Exception {
        provider().answer(body);

        assertThat(new Browser().login("/console/"))
                .isIn(failed("PROVIDER_UNAVAILABLE"), failed("AUTHENTICATION_REQUIRED"));
    }

    @Test
    void answerOfAnySizeIsNotRead() throws Exception {
        provider().answer("{\"id_token\":\"" + "x".repeat(4 << 20) + "\"}");

        assertThat(new Browser().login("/console/")).isEqualTo(failed("PROVIDER_UNAVAILABLE"));
    }

    @Test
    void providerThatDoesNotAnswerIsNotWaitedForForEver() throws Exception {
        provider().fallSilent();
        long start = System.nanoTime();

        assertThat(new Browser().login("/console/")).isEqualTo(failed("PROVIDER_UNAVAILABLE"));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void providerThatIsAwayIsTold() throws Exception {
        Browser browser = new Browser();
        String callback = browser.toProvider("/console/");
        provider().close();
        try {
            assertThat(browser.callback(callback)).isEqualTo(failed("PROVIDER_UNAVAILABLE"));
        } finally {
            server = new LoginServer(WithLogin.PORT, CLIENT, SECRET);
        }
    }

    @Test
    void consoleThatOnlyShowsThingsChangesNothing() throws Exception {
        String topic = topic("orders", 1);
        Api console = api.with("Cookie", "trunkline=" + administrator).with(BrowserSession.HEADER, "1");
        Api script = admin.with(BrowserSession.HEADER, "1");

        for (Api caller : List.of(console, script)) {
            assertThat(caller.delete("/topics/" + topic).code()).isEqualTo("CONSOLE_READ_ONLY");
            assertThat(caller.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}")
                            .code())
                    .isEqualTo("CONSOLE_READ_ONLY");
            assertThat(caller.post("/tokens", Api.CONTROL, "{\"principal\":\"x\"}")
                            .code())
                    .isEqualTo("CONSOLE_READ_ONLY");
            assertThat(caller.get("/consumers/g/instances/c/records").code()).isEqualTo("CONSOLE_READ_ONLY");
            assertThat(caller.get("/topics/" + topic).status()).isEqualTo(200);
        }
        assertThat(console.delete("/session").status()).isEqualTo(204);
        assertThat(console.post("/session", "application/json", "{\"token\":\"" + administrator + "\"}")
                        .status())
                .isEqualTo(200);
        assertThat(admin.delete("/topics/" + topic).status())
                .as("it bounds the console, and nobody's rights")
                .isEqualTo(204);
    }

    private Api.Answer preflight(String origin, String headers) {
        return api.send(api.request("/topics/orders")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", headers)
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    }

    @Test
    void pageThatMayUseTheApiMayNotSendTheHeaderOfTheConsole() {
        assertThat(preflight(FRIEND, "content-type").status()).isEqualTo(204);
        for (String headers : List.of("trunkline-console", "content-type, Trunkline-Console", "TRUNKLINE-CONSOLE")) {
            Api.Answer answer = preflight(FRIEND, headers);
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.header("Access-Control-Allow-Headers")).isEmpty();
        }
    }

    /** A page of the same site gets Strict cookies sent, and this one may read responses. */
    @ParameterizedTest
    @ValueSource(strings = {"", "same-site", "cross-site"})
    void pageThatMayUseTheApiDoesNotUseTheCookieOfAUser(String site) {
        Api page = api.with("Origin", FRIEND).with("Cookie", "trunkline=" + administrator);
        Api friend = site.isEmpty() ? page : page.with("Sec-Fetch-Site", site);
        Api withHeader = friend.with(BrowserSession.HEADER, "1");

        for (Api.Answer answer : List.of(
                friend.get("/topics"),
                friend.get("/tokens"),
                withHeader.get("/tokens"),
                withHeader.post("/tokens", Api.CONTROL, "{\"principal\":\"x\"}"))) {
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.header("Set-Cookie")).as("and it ends no session").isEmpty();
        }
        assertThat(friend.get("/session").json().path("principal").isNull()).isTrue();
        assertThat(withHeader.delete("/session").code()).isEqualTo("ORIGIN_NOT_ALLOWED");
        assertThat(withHeader
                        .post("/session", "application/json", "{\"token\":\"" + administrator + "\"}")
                        .code())
                .as("nobody is logged in as somebody else by a page")
                .isEqualTo("ORIGIN_NOT_ALLOWED");
        assertThat(api.as(administrator).with("Origin", FRIEND).get("/topics").status())
                .isEqualTo(200);
    }

    /** Those who guess wait for longer and longer, and those who know do not. */
    @Test
    void loginsOfThoseWhoGuessAreSlowedDown() {
        String body = "{\"token\":\"tl_" + "a".repeat(12) + "_" + "b".repeat(43) + "\"}";
        Api guesser = api.with(BrowserSession.HEADER, "1").with("X-Forwarded-For", "192.0.2.77");
        long start = System.nanoTime();

        List<CompletableFuture<Api.Answer>> guesses = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            guesses.add(guesser.postLater("/session", "application/json", body));
        }
        Api.Answer right = guesser.post("/session", "application/json", body.replaceFirst("tl_\\w+", administrator));
        long known = System.nanoTime() - start;
        guesses.forEach(guess -> assertThat(guess.join().status()).isEqualTo(401));
        long all = System.nanoTime() - start;

        assertThat(right.status()).isEqualTo(200);
        assertThat(Duration.ofNanos(all)).isGreaterThan(Duration.ofMillis(950));
        assertThat(known).isLessThan(all);
    }
}
