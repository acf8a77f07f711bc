package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;

/** One thing that is measured. */
interface Scenario {
    /** By which it is chosen and reported. */
    String name();

    /** What it does and what it is compared with, for the report. */
    String description();

    /** Plays all rounds, in turn with the baseline, and adds each run to the stage. Fails when a record is lost. */
    void play(Stage stage) throws IOException, SQLException;
}
