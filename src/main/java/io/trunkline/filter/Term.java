package io.trunkline.filter;

import java.util.List;

/** One condition of a filter: a part of the record, and what that has to be. */
sealed interface Term {
    /** Met by no record without a key. */
    record OnKey(Test test) implements Term {}

    /** Met where one of the headers of this name passes the test. */
    record OnHeader(String name, Test test) implements Term {}

    /**
     * Met where the value is JSON and has something at the place that passes the test.
     *
     * @param path empty for the whole value
     */
    record OnValue(List<Step> path, Test test) implements Term {
        public OnValue {
            path = List.copyOf(path);
        }
    }

    /** A step into a JSON value. */
    sealed interface Step {
        /** To the member of an object. */
        record Member(Text name) implements Step {}

        /** To the element of an array, counted from 0. */
        record Element(int index) implements Step {}
    }
}
