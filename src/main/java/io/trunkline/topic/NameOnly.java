package io.trunkline.topic;

import io.quarkus.runtime.annotations.RegisterForReflection;

/** A topic's name without the rest of its row. */
@RegisterForReflection
record NameOnly(String name) {}
