/* SPDX-License-Identifier: ISC */
/* What the server's words mean, as ClickHouse 18.16 and 26.7 write them. */
#include <criterion/criterion.h>

#include "analyzer/fleet/answer.h"

static struct failure why;

static enum http_outcome judged(long status, const char *text, bool wants_answer)
{
    why.text[0] = '\0';
    return answer_judge(&(struct answer){"https://ch:8443", status, text, wants_answer}, &why);
}

static void says(const char *word)
{
    cr_expect_not_null(strstr(why.text, word), "%s", why.text);
    cr_expect_not_null(strstr(why.text, "https://ch:8443"), "%s", why.text);
    cr_expect_null(strchr(why.text, '\n'));
}

Test(answer, an_empty_200_is_an_insert_that_was_taken)
{
    cr_expect_eq(judged(200, "", false), HTTP_DONE);
    cr_expect_eq(judged(200, "1\t2\n", true), HTTP_DONE);
}

Test(answer, the_number_decides_and_not_the_status)
{
    cr_expect_eq(judged(404,
                        "Code: 60, e.displayText() = DB::Exception: Table a.b doesn't exist., "
                        "e.what() = DB::Exception\n",
                        false),
                 HTTP_REFUSED);
    says("ship --init");
    cr_expect_null(strstr(why.text, "e.what"), "%s", why.text);
    cr_expect_eq(judged(500, "Code: 117, e.displayText() = DB::Exception: Unknown field", false),
                 HTTP_REFUSED);
    says("column is missing");
    cr_expect_eq(
        judged(500, "Code: 242, e.displayText() = DB::Exception: Table is in readonly mode", false),
        HTTP_LATER);
    says("ZooKeeper");
    cr_expect_eq(judged(401, "Code: 193, e.displayText() = DB::Exception: Wrong password", false),
                 HTTP_REFUSED);
    says("password is wrong");
    cr_expect_eq(judged(403, "Code: 516. DB::Exception: x: Authentication failed", false),
                 HTTP_REFUSED);
    cr_expect_eq(judged(500,
                        "Code: 354, e.displayText() = DB::Exception: inflate failed: buffer error",
                        false),
                 HTTP_LATER);
    cr_expect_eq(judged(500, "Code: 252. DB::Exception: Too many parts", false), HTTP_LATER);
    /* Not in the table: a mistake in the query does not pass, what happens to a server may. */
    cr_expect_eq(judged(500, "Code: 4711. DB::Exception: something", false), HTTP_LATER);
    cr_expect_eq(judged(500, "Code: 62. DB::Exception: Syntax error", false), HTTP_REFUSED);
}

/* ClickHouse answers 200 before it knows how a query ends. */
Test(answer, an_exception_behind_a_200_is_an_error)
{
    cr_expect_eq(
        judged(200, "1\n2\nCode: 241, e.displayText() = DB::Exception: Memory limit", true),
        HTTP_LATER);
    cr_expect_eq(judged(200, "<html>Welcome</html>", false), HTTP_REFUSED);
    says("is it ClickHouse");
}

Test(answer, a_proxy_in_between_is_named_as_such)
{
    cr_expect_eq(judged(502, "<html>Bad Gateway</html>", false), HTTP_LATER);
    says("proxy");
    cr_expect_eq(judged(404, "Not found", false), HTTP_REFUSED);
    says("HTTP port");
}
