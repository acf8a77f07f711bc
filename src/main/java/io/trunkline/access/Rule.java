package io.trunkline.access;

/** Lets somebody do something with topics or groups of some names. */
public record Rule(Subject subject, Right right, Resource resource, NamePattern name) {
    public Rule {
        if (!resource.rights().contains(right)) {
            throw new IllegalArgumentException("topics have the rights read, write and manage, groups use and manage");
        }
    }

    /** The rule of a row. */
    public static Rule stored(String kind, String subject, String right, String resource, String name, boolean prefix) {
        return new Rule(
                Subject.stored(kind, subject),
                Right.stored(right),
                Resource.stored(resource),
                new NamePattern(name, prefix));
    }
}
