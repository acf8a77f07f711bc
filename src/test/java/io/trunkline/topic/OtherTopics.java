package io.trunkline.topic;

import io.trunkline.jdbc.Transactions;
import jakarta.inject.Singleton;

/** Makes the topics of further replicas, which remember topics for themselves. */
@Singleton
public class OtherTopics {
    private final TopicStore store;
    private final Transactions transactions;
    private final TopicDefaults config;

    OtherTopics(TopicStore store, Transactions transactions, TopicDefaults config) {
        this.store = store;
        this.transactions = transactions;
        this.config = config;
    }

    /** The topics of another replica; to be closed with {@link #close}. */
    public Topics create() {
        return new Topics(store, transactions, config);
    }

    public void close(Topics topics) {
        topics.close();
    }
}
