package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.DocPage;
import io.trunkline.testing.ServiceTestCase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The examples of {@code docs/produce.md}, in their order, with what the page shows as their output. */
@QuarkusTest
class ProduceDocTest extends ServiceTestCase {
    @Test
    void examplesDoWhatThePageShows() throws Exception {
        DocPage page = new DocPage(Path.of("docs/produce.md"));

        int examples = page.run(
                example -> example.replace("localhost:8080", "localhost:" + base.getPort())
                        .replace("\"topic_name\": \"orders\"", "\"topic_name\": \"doc-orders\"")
                        .replace("/topics/orders", "/topics/doc-orders"),
                output -> output.replace("doc-orders", "orders"));

        assertThat(examples).isGreaterThan(5);
    }
}
