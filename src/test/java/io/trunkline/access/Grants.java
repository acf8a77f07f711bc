package io.trunkline.access;

import java.util.List;

/** Rights for tests of other packages. */
public final class Grants {
    private Grants() {}

    /** To read topics of these names. */
    public static Rights toRead(List<String> topics) {
        return new Rights(
                "somebody",
                topics.stream()
                        .map(topic -> new Rights.Grant(Right.READ, Resource.TOPIC, NamePattern.parse(topic)))
                        .toList(),
                false);
    }
}
