package com.example.shop.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EventReaderTest {
    @Test
    void recordsAreEventsWithoutAName() throws IOException {
        EventReader reader = reader("id: a\ndata: {\"offset\":0}\n\nid:b\ndata:{\"offset\":1}\n\n");

        assertThat(reader.next()).contains(new StreamEvent("message", "a", "{\"offset\":0}"));
        assertThat(reader.next()).contains(new StreamEvent("message", "b", "{\"offset\":1}"));
        assertThat(reader.next()).isEmpty();
    }

    @Test
    void theFirstEventHasOnlyAnId() throws IOException {
        assertThat(reader("retry: 1000\nid: a\n: open\n\n").next()).contains(new StreamEvent("open", "a", ""));
    }

    @Test
    void heartbeatsAreNoEvents() throws IOException {
        EventReader reader = reader(": heartbeat\n\n: heartbeat\n\ndata: 1\n\n");

        assertThat(reader.next()).contains(new StreamEvent("message", "first", "1"));
    }

    @Test
    void namesLinesOfDataAndLineEndsAreReadAsBrowsersReadThem() throws IOException {
        EventReader reader = reader("event: overtaken\r\nid: a\r\ndata: é\r\ndata:  2\r\nunknown\r\n\r\n");

        assertThat(reader.next()).contains(new StreamEvent("overtaken", "a", "é\n 2"));
    }

    @Test
    void anEventThatIsCutOffDoesNotCount() throws IOException {
        assertThat(reader("id: a\ndata: 1\n").next()).isEmpty();
        assertThat(reader("id: a\ndata: 1").next()).isEmpty();
    }

    @Test
    void anEventIsBoundedOverAllItsLines() throws IOException {
        String line = "data: " + "x".repeat(34) + "\n";

        assertThat(reader(line + line + "\n: heartbeat\n\n" + line + "\n").next())
                .isPresent();
        assertThatThrownBy(() -> reader(line + line + line).next())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("more than 100 bytes");
    }

    private static EventReader reader(String text) {
        return new EventReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "first", 100);
    }
}
