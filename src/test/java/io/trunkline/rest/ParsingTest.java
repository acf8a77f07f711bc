package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ParsingTest {
    private static final Supplier<ByteBuffer> SMALL = () -> ByteBuffer.allocate(100);
    private static final Supplier<ByteBuffer> LARGE = () -> ByteBuffer.allocate(100_000);

    private final CountDownLatch free = new CountDownLatch(1);
    private final CountDownLatch taken = new CountDownLatch(1);
    private final Parsing parsing = new Parsing(1, 1);

    @AfterEach
    void close() {
        free.countDown();
        parsing.close();
    }

    @Test
    void smallBodyIsParsedAtOnce() {
        assertThat(parsing.parse(SMALL, body -> Thread.currentThread())).isCompletedWithValue(Thread.currentThread());
    }

    @Test
    void largeBodyIsParsedByAThreadOfThePool() {
        assertThat(parsing.parse(LARGE, body -> Thread.currentThread().getName())
                        .join())
                .startsWith("parse-");
    }

    @Test
    void largeBodyIsRefusedWhenTooManyWait() throws InterruptedException {
        CompletableFuture<Integer> first = parsing.parse(LARGE, this::whenFree);
        taken.await();
        CompletableFuture<Integer> second = parsing.parse(LARGE, ByteBuffer::limit);

        CompletableFuture<Integer> third = parsing.parse(LARGE, ByteBuffer::limit);

        assertThat(third.handle((size, failure) -> Failures.code(failure))).isCompletedWithValue(ErrorCode.OVERLOADED);
        free.countDown();
        assertThat(first.join()).isEqualTo(100_000);
        assertThat(second.join()).isEqualTo(100_000);
    }

    /** So the body of a client that has gone is not held until then. */
    @Test
    void bodyThatWaitsIsTakenWhenItsTurnComes() throws InterruptedException {
        AtomicInteger size = new AtomicInteger(100_000);
        parsing.parse(LARGE, this::whenFree);
        taken.await();
        CompletableFuture<Integer> waiting = parsing.parse(() -> ByteBuffer.allocate(size.get()), ByteBuffer::limit);

        size.set(0);
        free.countDown();

        assertThat(waiting.join()).isZero();
    }

    private int whenFree(ByteBuffer body) {
        taken.countDown();
        try {
            free.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return body.limit();
    }
}
