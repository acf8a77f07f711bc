package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrowserSessionTest {
    @Test
    void tokensAreValuesOfCookies() {
        assertThat(BrowserSession.checked("eyJh.eyJz-_.c2ln~+/==")).isEqualTo("eyJh.eyJz-_.c2ln~+/==");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sig; Max-Age=31536000", "a b", "a,b", "a\r\nSet-Cookie: b=c", "a=b", "\u00e4"})
    void whatIsMoreThanTheValueOfACookieIsNoToken(String text) {
        assertThatThrownBy(() -> BrowserSession.checked(text))
                .isInstanceOfSatisfying(
                        TrunklineException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.AUTHENTICATION_REQUIRED));
    }
}
