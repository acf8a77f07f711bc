package io.trunkline.log;

import java.util.List;
import java.util.Optional;

/** What became of a batch where it was tried. */
sealed interface BatchOutcome {
    /** The same for all appends of the batch. */
    record Ended(AppendOutcome outcome) implements BatchOutcome {}

    /**
     * Nothing was written, because of some of the appends.
     *
     * @param verdicts for each append of the batch what it ends with; empty where it is to be tried again without the others
     */
    record Judged(List<Optional<AppendOutcome>> verdicts) implements BatchOutcome {
        public Judged {
            verdicts = List.copyOf(verdicts);
        }
    }

    /** Whether it may be written elsewhere, or later. */
    default boolean isNotHere() {
        return this instanceof Ended ended && ended.outcome() instanceof AppendOutcome.NotHere;
    }
}
