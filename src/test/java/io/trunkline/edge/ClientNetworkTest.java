package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientNetworkTest {
    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.1.2.3",
        "2001:db8:1:2:3:4:5:6, 20010db800010002/64",
        "2001:db8:1:2::1, 20010db800010002/64",
        "fe80::1%eth0, fe80000000000000/64",
        "::1, 0000000000000000/64",
        "unknown, unknown",
        "not:an:address, not:an:address",
    })
    void addressesOfOneNetworkOfIpv6CountAsOne(String address, String network) {
        assertThat(ClientNetwork.of(address)).isEqualTo(network);
    }

    @ParameterizedTest
    @CsvSource({"::ffff:10.1.2.3", "10.1.2.3"})
    void mappedAddressesAreThoseOfIpv4(String address) {
        assertThat(ClientNetwork.of(address)).isIn("10.1.2.3");
    }
}
