package io.trunkline.access;

import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What somebody may do, by the rules as they were at some moment. A look costs no more than the prefixes of the caller's rules. */
public final class Rights {
    /** Of everybody where there is no access control. */
    public static final Rights ALL = new Rights(
            "",
            List.of(
                    new Grant(Right.READ, Resource.TOPIC, NamePattern.ALL),
                    new Grant(Right.WRITE, Resource.TOPIC, NamePattern.ALL),
                    new Grant(Right.MANAGE, Resource.TOPIC, NamePattern.ALL),
                    new Grant(Right.USE, Resource.GROUP, NamePattern.ALL),
                    new Grant(Right.MANAGE, Resource.GROUP, NamePattern.ALL)),
            false);

    /** Of nobody in particular: nothing. */
    public static final Rights NONE = new Rights("", List.of(), false);

    /** What one rule grants. */
    record Grant(Right right, Resource resource, NamePattern name) {}

    /** By exact name. */
    private final Map<String, Set<Right>> topics = new HashMap<>();

    private final Map<String, Set<Right>> groups = new HashMap<>();
    private final Map<String, Set<Right>> topicPrefixes = new HashMap<>();
    private final Map<String, Set<Right>> groupPrefixes = new HashMap<>();
    private final String ownGroups;
    private final boolean reads;
    private final boolean administrator;

    /** @param principal whose groups begin with this name and a dot; empty for nobody's */
    Rights(String principal, Collection<Grant> grants, boolean administrator) {
        boolean anyRead = false;
        for (Grant grant : grants) {
            boolean topic = grant.resource() == Resource.TOPIC;
            boolean prefix = grant.name().prefix();
            Map<String, Set<Right>> names = topic ? prefix ? topicPrefixes : topics : prefix ? groupPrefixes : groups;
            names.computeIfAbsent(grant.name().text(), name -> EnumSet.noneOf(Right.class))
                    .add(grant.right());
            anyRead |= topic && grant.right() == Right.READ;
        }
        ownGroups = principal + ".";
        reads = anyRead && !principal.isEmpty();
        this.administrator = administrator;
    }

    /** Whether it is allowed to create and revoke tokens and rules, and to see everything. */
    public boolean isAdministrator() {
        return administrator;
    }

    /** Whether there is this right on a topic. */
    public boolean onTopic(String name, Right right) {
        return has(topics.get(name), right) || anyPrefix(topicPrefixes, name, right);
    }

    /** Whether there is this right on all topics. */
    public boolean onEveryTopic(Right right) {
        return has(topicPrefixes.get(""), right);
    }

    /** Whether there is this right on any topic at all, existing or not. */
    public boolean onAnyTopic(Right right) {
        return topics.values().stream().anyMatch(rights -> rights.contains(right))
                || topicPrefixes.values().stream().anyMatch(rights -> rights.contains(right));
    }

    /** Whether the topic exists for its holder: any right on it shows its name and description. */
    public boolean seesTopic(String name) {
        return topics.containsKey(name) || anyPrefix(topicPrefixes, name, null);
    }

    /** Whether there is this right on a group; who reads any topic may use the groups that begin with its own name and a dot. */
    public boolean onGroup(String name, Right right) {
        return has(groups.get(name), right)
                || anyPrefix(groupPrefixes, name, right)
                || right == Right.USE && isOwn(name);
    }

    /** Whether the group exists for its holder. */
    public boolean seesGroup(String name) {
        return groups.containsKey(name) || anyPrefix(groupPrefixes, name, null) || isOwn(name);
    }

    private boolean isOwn(String group) {
        return reads && group.startsWith(ownGroups);
    }

    private static boolean has(@Nullable Set<Right> rights, Right right) {
        return rights != null && rights.contains(right);
    }

    private static boolean anyPrefix(Map<String, Set<Right>> prefixes, String name, @Nullable Right right) {
        if (prefixes.size() <= name.length()) {
            for (Map.Entry<String, Set<Right>> prefix : prefixes.entrySet()) {
                if (name.startsWith(prefix.getKey())
                        && (right == null || prefix.getValue().contains(right))) {
                    return true;
                }
            }
            return false;
        }
        for (int length = 0; length <= name.length(); length++) {
            Set<Right> rights = prefixes.get(name.substring(0, length));
            if (rights != null && (right == null || rights.contains(right))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rights that
                && topics.equals(that.topics)
                && groups.equals(that.groups)
                && topicPrefixes.equals(that.topicPrefixes)
                && groupPrefixes.equals(that.groupPrefixes)
                && ownGroups.equals(that.ownGroups)
                && administrator == that.administrator;
    }

    @Override
    public int hashCode() {
        return Objects.hash(topics, groups, topicPrefixes, groupPrefixes, ownGroups, administrator);
    }
}
