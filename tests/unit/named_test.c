/* Names of what a recording creates: which are made different for each user, which stay. */
#include "tests/unit/walk.h"

#define EDITOR "<form action=/save><textarea name=text>\n</textarea></form>"

TEST(correlate_unique_in_every_spelling)
{
    struct walk w = begin();
    struct slice unique[] = { SL("My Page") };
    w.cfg.unique = unique;
    w.cfg.unique_n = 1;
    step(&w, "POST", "/save", "title=My+Page&slug=my-page&other=My+Pages", "{}");
    run(&w);
    CHECK(says(&w, "unique(\"My Page\")") || says(&w, "unique(\\\"My Page\\\")"));
    CHECK(says(&w, "my-page") && says(&w, "My Pages"));
    end(&w);
}

/* Wikis: the page that is made stands in addresses before it exists. */
TEST(correlate_names_of_created_objects)
{
    struct walk w = begin();
    step(&w, "GET", "/", "", "<p>Welcome");
    step(&w, "GET", "/wiki?id=Blue_moon&do=edit", "", EDITOR);
    step(&w, "POST", "/wiki?id=Blue_moon&do=save", "id=Blue_moon&text=Hello", "<p>Hello");
    step(&w, "GET", "/page/Red_sun", "", "<p>nothing")->response.status = 404;
    step(&w, "POST", "/save", "page=Red_sun&text=x", "<p>saved");
    step(&w, "GET", "/page/Red_sun", "", "<p>x");
    step(&w, "POST", "/projects", "name=Green+field&x=1", "{}")->response.status = 201;
    step(&w, "GET", "/projects/green-field", "", "<p>");
    redirect(&w, step(&w, "POST", "/new", "title=Old+stone", "<p>"), "/blog/old-stone");
    step(&w, "GET", "/blog/old-stone", "", "<p>");
    run(&w);
    CHECK(says(&w, "unique(\"Blue_moon\")") && !says(&w, "=Blue_moon"));
    CHECK(says(&w, "POST /wiki?id="));
    CHECK(says(&w, "GET /page/${urlencode(unique(\"Red_sun\"))}"));
    CHECK(says(&w, "/projects/${urlencode(unique(\"green-field\"))}") &&
          says(&w, "unique(\"Green field\")"));
    CHECK(says(&w, "/blog/${urlencode(unique(\"old-stone\"))}"));
    CHECK_U(w.report.warnings_n, 4);
    end(&w);
}

/* What was there before, or is no name, stays. */
TEST(correlate_names_of_others_stay)
{
    struct walk w = begin();
    step(&w, "GET", "/projects/moonlight/issues/new", "", EDITOR);
    step(&w, "POST", "/projects/moonlight/issues", "text=Hello", "<p>");
    step(&w, "GET", "/admin/note/add/", "", EDITOR);
    step(&w, "POST", "/admin/note/add/", "text=Hello", "<p>");
    step(&w, "GET", "/wiki?id=start&do=edit", "",
         "<form><textarea name=text>Welcome</textarea></form>");
    step(&w, "POST", "/wiki?id=start&do=save", "id=start&text=Hello", "<p>");
    step(&w, "GET", "/post/first-post", "", EDITOR); /* a comment */
    step(&w, "POST", "/post/first-post", "text=Hello", "<p>");
    step(&w, "POST", "/search", "query=lamps&title=lamps", "<p>");
    step(&w, "GET", "/search/lamps", "", "<p>");
    step(&w, "GET", "/tags", "", "<a href=/tag/garden>garden</a>");
    step(&w, "POST", "/tag", "name=garden", "{}");
    step(&w, "GET", "/tag/garden", "", "<p>");
    run(&w);
    CHECK(!says(&w, "unique("));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* Sent as a name, and an address behind it is called so: nothing was made. */
TEST(correlate_names_of_what_was_not_made_stay)
{
    struct walk w = begin();
    step(&w, "GET", "/note?id=start&do=edit", "", EDITOR); /* the recording begins with it */
    step(&w, "POST", "/note?id=start&do=save", "id=start&text=Hello", "<p>");
    step(&w, "POST", "/events", "{\"event_name\":\"checkout\",\"page\":\"pricing\"}", "{}");
    step(&w, "POST", "/api/checkout", "{\"x\":1}", "{\"ok\":1}");
    step(&w, "GET", "/pricing", "", "<p>");
    redirect(&w, step(&w, "POST", "/books/find", "title=Dune", "<p>"), "/books/dune");
    step(&w, "GET", "/books/dune", "", "<p>");
    step(&w, "POST", "/location", "name=Berlin", "{\"name\":\"Berlin\"}");
    step(&w, "GET", "/weather/berlin", "", "<p>");
    step(&w, "GET", "/suggest?q=urg", "", "[\"urgent\"]");
    step(&w, "POST", "/tags", "name=urgent", "{}")->response.status = 201;
    step(&w, "GET", "/tags/urgent", "", "<p>");
    step(&w, "GET", "/post/edit/first", "",
         "<textarea name=a>x</textarea><textarea name=b></textarea>");
    step(&w, "POST", "/post/edit/first", "a=x&b=Hello", "<p>");
    run(&w);
    CHECK(!says(&w, "unique("));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* Only the name: not the path around it, the site's host, another thing of that name. */
TEST(correlate_names_alone_are_made_unique)
{
    struct walk w = begin();
    step(&w, "GET", "/api/orders", "", "{}");
    step(&w, "GET", "/page?id=Red_sun&lang=english", "", "<p>")->response.status = 404;
    step(&w, "POST", "/page?id=Red_sun&lang=english", "text=x", "<p>");
    step(&w, "GET", "/page?id=Red_sun&lang=english", "", "<p>x");
    redirect(&w, step(&w, "POST", "/boards", "name=Orders", "<p>"), "/boards/Orders");
    step(&w, "GET", "/boards/Orders", "", "<p>");
    step(&w, "GET", "/api/orders", "", "{}");
    struct exchange *last = step(&w, "POST", "/boards", "name=Shop&mail=me@shop.test", "<p>");
    redirect(&w, last, "/boards/shop");
    header(&w, &last->request.headers, "Origin", "http://shop.test");
    step(&w, "GET", "/boards/shop", "", "<p>");
    run(&w);
    CHECK(says(&w, "GET /page?id=${formencode(unique(\"Red_sun\"))}&lang=english"));
    CHECK(says(&w, "/boards/${urlencode(unique(\"Orders\"))}") && !says(&w, "unique(\"orders\")"));
    CHECK(says(&w, "unique(\"Shop\")") && says(&w, "mail: me@shop.test"));
    CHECK(says(&w, "Origin: http://shop.test"));
    CHECK_U(w.report.warnings_n, 3);
    end(&w);
}

TEST(correlate_names_are_kept_on_demand)
{
    struct walk w = begin();
    w.cfg.keep_names = true;
    step(&w, "GET", "/", "", "<p>Welcome");
    step(&w, "GET", "/wiki?id=Blue_moon&do=edit", "", EDITOR);
    step(&w, "POST", "/wiki?id=Blue_moon&do=save", "id=Blue_moon&text=Hello", "<p>Hello");
    run(&w);
    CHECK(!says(&w, "unique(") && says(&w, "id=Blue_moon"));
    end(&w);
}

/* A server keeps slugs, e-mail addresses and user names once. */
TEST(correlate_slugs_and_accounts_are_made_unique)
{
    struct walk w = begin();
    step(&w, "POST", "/login", "user=bob&password=" TOKEN, "<p>");
    step(&w, "POST", "/pages", "title=By+the+river&slug=by-the-river", "<p>");
    step(&w, "POST", "/shelves", "name=Old+lamps&identifier=old-lamps&code=lamps", "<p>");
    step(&w, "POST", "/staff", "email=ann@mail.test&password=x1x1&passwordConfirm=x1x1", "{}");
    redirect(&w, step(&w, "POST", "/customers/new", "email=eve@mail.test", "<p>"), "/customers");
    run(&w);
    CHECK(says(&w, "title: By the river, slug: '${unique(\"by-the-river\")}'"));
    CHECK(says(&w, "unique(\"old-lamps\")") && says(&w, "name: Old lamps"));
    CHECK(says(&w, "unique(\"ann\") + \"@mail.test\"") &&
          says(&w, "unique(\"eve\") + \"@mail.test\""));
    CHECK_U(w.report.warnings_n, 4);
    end(&w);
}

/* Others' addresses, other logins, identifiers that no title became. */
TEST(correlate_addresses_of_others_stay)
{
    struct walk w = begin();
    step(&w, "POST", "/login", "user=bob&password=" TOKEN, "<p>");
    step(&w, "POST", "/projects/5/members", "{\"email\":\"ann@mail.test\"}", "{}")
        ->response.status = 201;
    step(&w, "POST", "/messages", "mail=eve@mail.test&subject=Hello", "<p>");
    step(&w, "POST", "/shelves", "name=Lamps&key=colour", "<p>");
    step(&w, "POST", "/login", "user=zoe&password=other-" TOKEN, "<p>")->response.status = 201;
    step(&w, "GET", "/customers", "", "<td>joe@mail.test</td>");
    step(&w, "POST", "/customers/7", "email=joe@mail.test", "{\"email\":\"joe@mail.test\"}");
    run(&w);
    CHECK(!says(&w, "unique("));
    CHECK_U(w.report.warnings_n, 0);
    end(&w);
}

/* Registered, then logged in: one account for each user, the same in all its iterations. */
TEST(correlate_each_user_makes_its_own_account)
{
    struct walk w = begin();
    step(&w, "GET", "/register", "", "<form><input name=user><input name=password>");
    step(&w, "POST", "/register", "user=annabel&mail=post@mail.test&password=" TOKEN, "<p>");
    step(&w, "POST", "/login", "user=annabel&password=" TOKEN, "<p>");
    step(&w, "GET", "/people/annabel", "", "<p>");
    run(&w);
    CHECK(says(&w, "user: '${unique(\"annabel\")}'") && says(&w, "user: \"${user}\""));
    CHECK(says(&w, "GET /people/${") && !says(&w, "people/annabel"));
    CHECK(says(&w, "unique(\"post\") + \"@mail.test\"") && says(&w, "account.password"));
    end(&w);
}

TEST(correlate_accounts_of_a_feed_are_registered)
{
    struct walk w = begin();
    w.cfg.feed = "users.csv";
    w.cfg.feed_text = SL("user,password\nannabel,x\n");
    step(&w, "POST", "/register", "user=annabel&password=" TOKEN, "<p>");
    step(&w, "POST", "/login", "user=annabel&password=" TOKEN, "<p>");
    run(&w);
    CHECK(says(&w, "account.user}") && !says(&w, "unique("));
    end(&w);
}

/* The server finds a free name: the second user's file is another. A name that the user sent is the user's. */
TEST(correlate_names_that_a_server_chose)
{
    struct walk w = begin();
    w.cfg.keep_names = true;
    step(&w, "POST", "/files", "{\"type\":\"file\"}",
         "{\"path\":\"untitled.txt\",\"type\":\"file\"}")
        ->response.status = 201;
    step(&w, "GET", "/files/untitled.txt", "", "{}");
    step(&w, "POST", "/files", "{\"path\":\"mine.txt\"}", "{\"path\":\"mine.txt\"}")
        ->response.status = 201;
    step(&w, "GET", "/files/mine.txt", "", "{}");
    run(&w);
    CHECK(says(&w, "GET /files/${urlencode(file_id)}") && says(&w, "GET /files/mine.txt"));
    end(&w);
}
