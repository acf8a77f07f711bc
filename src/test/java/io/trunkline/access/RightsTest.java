package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RightsTest {
    @Test
    void nothingIsAllowedWithoutARule() {
        Rights rights = rights();

        assertThat(rights.seesTopic("orders")).isFalse();
        assertThat(rights.onTopic("orders", Right.READ)).isFalse();
        assertThat(rights.seesGroup("ci.group")).isFalse();
        assertThat(rights.onGroup("ci.group", Right.USE)).isFalse();
        assertThat(rights.onAnyTopic(Right.MANAGE)).isFalse();
        assertThat(rights.isAdministrator()).isFalse();
    }

    @Test
    void exactNameIsThatNameOnly() {
        Rights rights = rights("read topic orders");

        assertThat(rights.onTopic("orders", Right.READ)).isTrue();
        assertThat(rights.onTopic("orders", Right.WRITE)).isFalse();
        assertThat(rights.onTopic("orders", Right.MANAGE)).isFalse();
        assertThat(rights.seesTopic("orders")).isTrue();
        assertThat(rights.seesTopic("orders2")).isFalse();
        assertThat(rights.seesTopic("order")).isFalse();
        assertThat(rights.seesTopic("Orders")).isFalse();
    }

    @Test
    void prefixIsAllNamesThatBeginWithIt() {
        Rights rights = rights("write topic eu.*", "use group eu.*");

        assertThat(rights.onTopic("eu.orders", Right.WRITE)).isTrue();
        assertThat(rights.onTopic("eu.", Right.WRITE)).isTrue();
        assertThat(rights.onTopic("eu", Right.WRITE)).isFalse();
        assertThat(rights.onTopic("us.eu.orders", Right.WRITE)).isFalse();
        assertThat(rights.onGroup("eu.g", Right.USE)).isTrue();
        assertThat(rights.onGroup("eu.g", Right.MANAGE)).isFalse();
        assertThat(rights.seesGroup("us.g")).isFalse();
    }

    @Test
    void manyPrefixesAreFoundAsFewAre() {
        String[] rules = new String[300];
        Arrays.setAll(rules, i -> "read topic p" + i + "-*");
        Rights rights = rights(rules);

        assertThat(rights.onTopic("p299-a", Right.READ)).isTrue();
        assertThat(rights.onTopic("p300-a", Right.READ)).isFalse();
        assertThat(rights.seesTopic("p1")).isFalse();
    }

    @Test
    void readerOfAnyTopicUsesTheGroupsOfItsOwnName() {
        Rights rights = rights("read topic orders");

        assertThat(rights.onGroup("ci.group", Right.USE)).isTrue();
        assertThat(rights.seesGroup("ci.group")).isTrue();
        assertThat(rights.onGroup("ci.group", Right.MANAGE)).isFalse();
        assertThat(rights.onGroup("ci", Right.USE)).isFalse();
        assertThat(rights.onGroup("cid.group", Right.USE)).isFalse();
        assertThat(rights("write topic orders").onGroup("ci.group", Right.USE)).isFalse();
    }

    @Test
    void starIsEverything() {
        Rights rights = rights("manage topic *");

        assertThat(rights.onTopic("anything", Right.MANAGE)).isTrue();
        assertThat(rights.onEveryTopic(Right.MANAGE)).isTrue();
        assertThat(rights.onEveryTopic(Right.READ)).isFalse();
        assertThat(rights.onAnyTopic(Right.MANAGE)).isTrue();
        assertThat(rights.seesGroup("anything")).isFalse();
    }

    @Test
    void builtInRolesNeedNoRules() {
        AccessSnapshot snapshot = new AccessSnapshot(
                1, Map.of(), Map.of("ann", Set.of("reader")), Map.of(), Map.of("team", grants("manage group team.*")));

        Rights admin = snapshot.rights(new Principal("root", Set.of("admin")));
        Rights writer = snapshot.rights(new Principal("ci", Set.of("writer")));
        Rights ann = snapshot.rights(new Principal("ann", Set.of("team")));

        assertThat(admin.isAdministrator()).isTrue();
        assertThat(admin.onTopic("t", Right.MANAGE)).isTrue();
        assertThat(admin.onGroup("g", Right.MANAGE)).isTrue();
        assertThat(writer.onTopic("t", Right.WRITE)).isTrue();
        assertThat(writer.onTopic("t", Right.READ)).isFalse();
        assertThat(writer.seesGroup("ci.g")).isFalse();
        assertThat(ann.onTopic("t", Right.READ)).isTrue();
        assertThat(ann.onGroup("any", Right.USE)).isTrue();
        assertThat(ann.onGroup("team.a", Right.MANAGE)).isTrue();
        assertThat(ann.isAdministrator()).isFalse();
    }

    @Test
    void nobodyHasNothingAndEverybodyHasAllWithoutAccessControl() {
        assertThat(Rights.NONE.seesTopic("t")).isFalse();
        assertThat(Rights.ALL.onTopic("t", Right.MANAGE)).isTrue();
        assertThat(Rights.ALL.onGroup("g", Right.MANAGE)).isTrue();
        assertThat(Rights.ALL.isAdministrator()).isFalse();
    }

    private static Rights rights(String... rules) {
        return new Rights("ci", grants(rules), false);
    }

    private static List<Rights.Grant> grants(String... rules) {
        return Arrays.stream(rules)
                .map(rule -> rule.split(" "))
                .map(parts -> new Rights.Grant(
                        Right.valueOf(parts[0].toUpperCase(Locale.ROOT)),
                        Resource.valueOf(parts[1].toUpperCase(Locale.ROOT)),
                        NamePattern.parse(parts[2])))
                .toList();
    }
}
