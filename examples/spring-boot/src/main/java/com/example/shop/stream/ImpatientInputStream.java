package com.example.shop.stream;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A stream that fails where nothing comes for too long: a network that drops packets does not say that a connection is lost. */
final class ImpatientInputStream extends FilterInputStream {
    private final ScheduledExecutorService timer;
    private final Duration silence;
    private volatile boolean gaveUp;

    ImpatientInputStream(InputStream in, ScheduledExecutorService timer, Duration silence) {
        super(in);
        this.timer = timer;
        this.silence = silence;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        ScheduledFuture<?> alarm = timer.schedule(this::giveUp, silence.toMillis(), TimeUnit.MILLISECONDS);
        try {
            int count = super.read(buffer, offset, length);
            if (gaveUp) {
                throw tooLong();
            }
            return count;
        } catch (IOException e) {
            throw gaveUp ? tooLong() : e;
        } finally {
            alarm.cancel(false);
        }
    }

    private IOException tooLong() {
        return new IOException("nothing came for " + silence.toSeconds() + " s");
    }

    /** Closing it ends the read that waits. */
    private void giveUp() {
        gaveUp = true;
        try {
            in.close();
        } catch (IOException e) {
            // it is closed all the same
        }
    }
}
