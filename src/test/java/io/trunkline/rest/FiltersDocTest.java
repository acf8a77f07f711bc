package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.DocPage;
import io.trunkline.testing.ServiceTestCase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The examples of {@code docs/filters.md}, in their order, with what the page shows as their output. */
@QuarkusTest
class FiltersDocTest extends ServiceTestCase {
    @Test
    void examplesDoWhatThePageShows() throws Exception {
        DocPage page = new DocPage(Path.of("docs/filters.md"));

        int examples = page.run(
                example -> example.replace("localhost:8080", "localhost:" + base.getPort())
                        .replace("orders", "filters-orders")
                        .replace("billing", "filters-billing"),
                output -> output.replace("filters-orders", "orders"));

        assertThat(examples).isEqualTo(6);
    }
}
