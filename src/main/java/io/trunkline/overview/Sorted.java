package io.trunkline.overview;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a look found, in the orders in which somebody has asked for it: each is made once, so that a page costs no more than what
 * is left out of it.
 *
 * @param <S> by what it can be sorted, one of which is called {@code NAME}
 */
final class Sorted<T, S extends Enum<S>> {
    private record Order<S>(S sort, boolean descending) {}

    /** With the name in lower case. */
    private record Named<T>(String lowerCase, T item) {}

    private final List<Named<T>> all;
    private final Instant at;
    private final Function<T, String> name;
    private final BiFunction<S, T, OptionalDouble> value;
    private final Map<Order<S>, List<Named<T>>> orders = new ConcurrentHashMap<>();

    /** @param value what an item is sorted by; empty for its name */
    Sorted(List<T> items, Instant at, Function<T, String> name, BiFunction<S, T, OptionalDouble> value) {
        this.at = at;
        this.name = name;
        this.value = value;
        all = items.stream()
                .map(item -> new Named<>(name.apply(item).toLowerCase(Locale.ROOT), item))
                .toList();
    }

    /** A part of those that a caller may see. */
    Page<T> page(Listing<S> listing, Predicate<String> visible) {
        return page(listing, visible, item -> {});
    }

    /** As {@link #page(Listing, Predicate)}; {@code each} is told of all that the page is a part of. */
    Page<T> page(Listing<S> listing, Predicate<String> visible, Consumer<T> each) {
        List<Named<T>> ordered = orders.computeIfAbsent(
                new Order<>(listing.sort(), listing.descending()),
                order -> all.stream().sorted(comparator(order)).toList());
        String part = listing.name().toLowerCase(Locale.ROOT);
        List<T> items = new ArrayList<>();
        int total = 0;
        for (Named<T> named : ordered) {
            if (named.lowerCase().contains(part) && visible.test(name.apply(named.item()))) {
                if (total >= listing.start() && items.size() < listing.limit()) {
                    items.add(named.item());
                }
                total++;
                each.accept(named.item());
            }
        }
        return new Page<>(total, Optional.of(at), items);
    }

    private Comparator<Named<T>> comparator(Order<S> order) {
        Comparator<Named<T>> byName = Comparator.comparing(named -> name.apply(named.item()));
        if (order.sort().name().equals("NAME")) {
            return order.descending() ? byName.reversed() : byName;
        }
        Comparator<Named<T>> byValue = (a, b) -> {
            OptionalDouble one = value.apply(order.sort(), a.item());
            OptionalDouble other = value.apply(order.sort(), b.item());
            if (one.isEmpty() || other.isEmpty()) {
                return Boolean.compare(one.isEmpty(), other.isEmpty());
            }
            int compared = Double.compare(one.getAsDouble(), other.getAsDouble());
            return order.descending() ? -compared : compared;
        };
        return byValue.thenComparing(byName);
    }
}
