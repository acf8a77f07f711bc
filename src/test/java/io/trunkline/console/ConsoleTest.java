package io.trunkline.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the console over HTTP, for somebody who has not proven anything. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class ConsoleTest extends AccessTestCase {
    private static final String CHROME =
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
    private static final Pattern SCRIPT = Pattern.compile("src=\"(/console/assets/[0-9a-f]+/app\\.js)\"");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/console/",
                "/console/topics",
                "/console/topics/orders.v1.js",
                "/console/topics/a%2Fb/records?from=0",
                "/console/groups/%C3%A9",
                "/console/login?to=%2Fconsole%2F",
                "/console/index.html"
            })
    void everyViewIsTheSamePage(String path) {
        Api.Answer page = api.get(path);

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).isEqualTo(api.get("/console/").body()).startsWith("<!doctype html>");
        assertThat(page.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
        assertThat(page.response().headers().allValues("Cache-Control")).containsExactly("no-cache");
        assertThat(page.header("Content-Security-Policy"))
                .isEqualTo("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
        assertThat(page.header("X-Frame-Options")).isEqualTo("DENY");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(page.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(page.header("Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(page.header("Set-Cookie")).isEmpty();
    }

    @Test
    void pageLeadsToFilesThatMayBeKeptForEver() throws IOException {
        String script = script();

        Api.Answer plain = api.get(script);
        Api.Answer compressed = api.send(
                api.request(script).header("Accept-Encoding", "gzip, br").GET());

        assertThat(plain.status()).isEqualTo(200);
        assertThat(plain.header("Content-Type")).isEqualTo("text/javascript; charset=utf-8");
        assertThat(plain.response().headers().allValues("Cache-Control"))
                .containsExactly("public, max-age=31536000, immutable");
        assertThat(plain.header("Vary")).isEqualToIgnoringCase("Accept-Encoding");
        assertThat(plain.header("Content-Encoding")).isEmpty();
        assertThat(plain.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        String preact = script.replace("app.js", "lib/preact.js");
        Api.Answer library = api.send(
                api.request(preact).header("Accept-Encoding", "gzip, br").GET());
        assertThat(library.header("Content-Encoding")).isEqualTo("gzip");
        try (GZIPInputStream in =
                new GZIPInputStream(new ByteArrayInputStream(library.response().body()))) {
            assertThat(in.readAllBytes()).isEqualTo(api.get(preact).response().body());
        }
        assertThat(compressed.header("ETag")).isNotEmpty();
        assertThat(api.get(script.replace("app.js", "lib/hooks.js")).body()).contains("from\"./preact.js\"");
        assertThat(api.get(script.replace("app.js", "lib/uplot.css")).header("Content-Type"))
                .startsWith("text/css");
    }

    @Test
    void filesMayBeKeptByBrowsersWithASessionToo() {
        for (String cookie : List.of("trunkline=" + administrator, "trunkline=garbage")) {
            Api.Answer file = api.with("Cookie", cookie).get(script());

            assertThat(file.status()).isEqualTo(200);
            assertThat(file.header("Cache-Control")).contains("immutable");
            assertThat(file.header("ETag")).isNotEmpty();
            assertThat(file.header("Set-Cookie")).isEmpty();
        }
    }

    @Test
    void whoHasAFileIsToldSo() {
        for (String path : List.of("/console/", script(), script().replace("app.js", "lib/preact.js"))) {
            String tag = api.get(path).header("ETag");
            for (String known : List.of(tag, "W/" + tag, "\"other\", " + tag, "*")) {
                Api.Answer again = api.send(
                        api.request(path).header("If-None-Match", known).GET());
                assertThat(again.status()).isEqualTo(304);
                assertThat(again.header("ETag")).isEqualTo(tag);
                assertThat(again.header("Cache-Control")).isNotEmpty().doesNotContain("no-store");
                assertThat(again.response().body()).isEmpty();
            }
            Api.Answer other = api.send(
                    api.request(path).header("If-None-Match", "\"other\"").GET());
            assertThat(other.status()).isEqualTo(200);
        }
        String preact = script().replace("app.js", "lib/preact.js");
        Api.Answer compressed =
                api.send(api.request(preact).header("Accept-Encoding", "gzip").GET());
        assertThat(compressed.header("ETag"))
                .as("another form of the file is another thing to keep")
                .isNotEqualTo(api.get(preact).header("ETag"));
    }

    @Test
    void headIsAGetWithoutItsBody() {
        for (String path : List.of("/console/", script())) {
            Api.Answer get = api.get(path);
            Api.Answer head = api.send(api.request(path).method("HEAD", HttpRequest.BodyPublishers.noBody()));

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.response().body()).isEmpty();
            for (String header : List.of("Content-Type", "Content-Length", "ETag", "Cache-Control")) {
                assertThat(head.header(header)).as(header).isEqualTo(get.header(header));
            }
        }
    }

    @Test
    void browserThatComesToTheServiceIsSentToTheConsole() {
        Api.Answer browser = api.get("/", CHROME);
        Api.Answer behindAProxy = api.send(api.request("/")
                .header("Accept", "text/html")
                .header("X-Forwarded-Prefix", "/streams")
                .GET());

        assertThat(browser.status()).isEqualTo(303);
        assertThat(browser.header("Location")).isEqualTo("/console/");
        assertThat(browser.header("Vary")).isEqualTo("Accept");
        assertThat(behindAProxy.header("Location")).isEqualTo("/streams/console/");
        assertThat(api.get("/console").status()).isEqualTo(303);
        assertThat(api.get("/console?x=1").header("Location")).isEqualTo("console/?x=1");
        for (String accept : List.of("*/*", "application/json", "text/html, */*", "text/html;q=0.5,application/json")) {
            assertThat(api.get("/", accept).status()).as(accept).isEqualTo(200);
        }
        assertThat(api.get("/").json().path("bridge_version").asText()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/console/assets",
                "/console/assets/",
                "/console/assets/x/app.js",
                "/console/assets/VERSION",
                "/console/assets/VERSION/",
                "/console/assets/VERSION/none.js",
                "/console/assets/VERSION/index.html",
                "/console/assets/VERSION/app.js/",
                "/console/assets/VERSION/APP.JS",
                "/console/assets/VERSION/app.js%00",
                "/console/assets/VERSION/..%2fapp.js",
                "/console/assets/VERSION/..%2f..%2f..%2fapplication.properties",
                "/console/assets/VERSION/%2e%2e%2f%2e%2e%2fapplication.properties",
                "/console/assets/VERSION/..%5c..%5capplication.properties",
                "/console/assets/VERSION//application.properties",
                "/console/assets/VERSION/lib/preact.js.map"
            })
    void whatIsNoFileOfTheConsoleIsNotFound(String path) {
        isNotFound(api.get(path.replace("VERSION", version())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/webjars/preact/10.28.0/dist/preact.module.js",
                "/webjars/preact/10.28.0/package.json",
                "/webjars/uplot/1.6.30/dist/uPlot.esm.js",
                "/console/../webjars/uplot/1.6.30/dist/uPlot.esm.js"
            })
    void librariesAreServedByTheConsoleOnly(String path) {
        isNotFound(api.get(path));
    }

    private static void isNotFound(Api.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(404);
        assertThat(answer.code()).isEqualTo("PATH_NOT_FOUND");
        assertThat(answer.json().path("error_code").asInt()).isEqualTo(404);
        assertThat(answer.json().path("message").asText()).isNotEmpty();
        assertThat(answer.response().headers().allValues("Cache-Control")).containsExactly("no-store");
    }

    @Test
    void consoleIsOnlyRead() {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
            Api.Answer answer = api.send(method, "/console/topics", Api.CONTROL, "{}");
            assertThat(answer.status()).as(method).isBetween(404, 405);
        }
    }

    @Test
    void wayOutOfTheConsoleLeadsToWhatNeedsCredentials() {
        for (String path : List.of(
                "/console/../topics", "/console/%2e%2e/topics", "/console/./../topics/", "//console/../topics")) {
            assertThat(raw(path)).as(path).startsWith("HTTP/1.1 401");
        }
        assertThat(raw("/consolex")).startsWith("HTTP/1.1 401");
    }

    /** The seed is of no importance, and fixed so that a failure can be seen again. */
    @Test
    void oddPathsGiveThePageOrNothing() {
        Random random = new Random(5);
        String[] pieces = {
            "..",
            ".",
            "%2e",
            "%2E%2e",
            "/",
            "//",
            "%2f",
            "%5c",
            "\\",
            "%00",
            "%",
            "%zz",
            "%c0%ae",
            ";",
            ";x=1",
            "?",
            "#",
            "assets",
            version(),
            "app.js",
            "lib",
            "preact.js",
            "index.html",
            "topics",
            "META-INF",
            "webjars",
            "application.properties",
            "~",
            "'",
            "\"",
            "<script>",
            "%0d%0aSet-Cookie:x=y",
            "*",
            "|",
            "é",
            "-",
            "a"
        };
        for (int i = 0; i < 1_000; i++) {
            StringBuilder path = new StringBuilder("/console");
            for (int parts = random.nextInt(8); parts >= 0; parts--) {
                path.append(random.nextBoolean() ? "/" : "").append(pieces[random.nextInt(pieces.length)]);
            }
            String answer = raw(path.toString().replace("é", "%C3%A9"));
            assertThat(answer).as(path.toString()).matches("(?s)HTTP/1\\.1 (200|303|400|401|404) .*");
            assertThat(answer)
                    .as(path.toString())
                    .doesNotContain("quarkus.", "INTERNAL")
                    .doesNotContainIgnoringCase("\nset-cookie");
        }
    }

    @Test
    void linkOnAForeignPageLeadsToTheConsoleAndAFrameOfItDoesNot() {
        assertThat(foreign("/console/", "navigate", "document").status()).isEqualTo(200);
        assertThat(foreign("/console/topics", "navigate", "document").status()).isEqualTo(200);
        for (String destination : List.of("iframe", "frame", "embed", "object")) {
            assertThat(foreign("/console/", "navigate", destination).code()).isEqualTo("ORIGIN_NOT_ALLOWED");
        }
        assertThat(foreign(script(), "no-cors", "script").code()).isEqualTo("ORIGIN_NOT_ALLOWED");
        assertThat(foreign("/console/", "cors", "empty").code()).isEqualTo("ORIGIN_NOT_ALLOWED");
    }

    @Test
    void requestsForTheConsoleAreCountedUnderOneLabel() {
        api.get("/console/topics/" + prefix);
        api.get(script());

        assertThat(ops.as(administrator).get("/metrics").body())
                .contains("uri=\"/console\"")
                .doesNotContain("uri=\"/console/");
    }

    private Api.Answer foreign(String path, String mode, String destination) {
        return api.send(api.request(path)
                .header("Sec-Fetch-Site", "cross-site")
                .header("Sec-Fetch-Mode", mode)
                .header("Sec-Fetch-Dest", destination)
                .GET());
    }

    private String raw(String path) {
        try (RawHttp http = new RawHttp(base.getPort())) {
            http.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return http.readAll();
        }
    }

    private String script() {
        Matcher script = SCRIPT.matcher(api.get("/console/").body());
        assertThat(script.find()).isTrue();
        return script.group(1);
    }

    private String version() {
        return script().split("/")[3];
    }
}
