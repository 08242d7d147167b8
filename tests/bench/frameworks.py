"""The second labelled set: how well-known frameworks hand out their tokens, from their public documentation.

Each function writes one walk (tests/bench/walk.py) with its labels. The correlator was not tuned on these; a seed
gives other values of the same shapes, so that luck with one set of random texts shows.
"""
import base64
import json
from urllib.parse import quote

import applications
from walk import ALNUM, HEX, LOGIN, Walk, account, hidden, listed, page

WALKS = []
walk = listed(WALKS)


@walk
def rails(w):
    a, b, c, note = w.bytes64(64), w.bytes64(64), w.bytes64(64), w.number(300, 900)
    def head(t):
        return f'<meta name="csrf-param" content="authenticity_token" /><meta name="csrf-token" content="{t}" />'
    w.get("/login", page("Login", f'<form action="/login" method="post">{hidden("authenticity_token", a)}{LOGIN}</form>'),
          cookies={"_app_session": w.text(80)})
    w.form("/login", {"authenticity_token": a, **account()}, status=302, location="/notes", cookies={"_app_session": w.text(80)})
    w.get("/notes", page("Notes", '<a href="/notes/new">New</a>', head(b)))
    w.json("/notes/preview", {"text": "hello"}, {"html": "<p>hello</p>"}, headers=[("X-CSRF-Token", b)])
    w.get("/notes/new", page("New", f'<form action="/notes" method="post">{hidden("authenticity_token", c)}<input name="note[title]"></form>', head(w.bytes64(64))))
    w.form("/notes", {"authenticity_token": c, "note[title]": "A title"}, status=302, location=f"/notes/{note}")
    d = w.bytes64(64)
    w.get(f"/notes/{note}", page("A title", f'<a href="/notes/{note}/edit">Edit</a><form action="/notes/{note}" method="post">{hidden("_method", "delete")}{hidden("authenticity_token", d)}</form>'))
    w.form(f"/notes/{note}", {"_method": "delete", "authenticity_token": d}, status=302, location="/notes")
    w.want("#0 -> #1 form authenticity_token", "#2 -> #3 header X-CSRF-Token", "#4 -> #5 form authenticity_token",
           "#6 -> #7 form authenticity_token", "#5/#6 -> #7 path notes")


@walk
def webforms(w):
    def state(n):
        return "/wEP" + w.bytes64(n)
    first, second, third = state(600), state(900), state(1200)
    valid, valid2, valid3 = ("/wEd" + w.bytes64(n) for n in (120, 150, 150))
    gen = w.hex(8).upper()
    def fields(v, e):
        return "".join(hidden(k, x, f'id="{k}"') for k, x in (("__EVENTTARGET", ""), ("__VIEWSTATE", v), ("__VIEWSTATEGENERATOR", gen), ("__EVENTVALIDATION", e)))
    def post(v, e, **more):
        return {"__EVENTTARGET": "", "__VIEWSTATE": v, "__VIEWSTATEGENERATOR": gen, "__EVENTVALIDATION": e, **more}
    w.get("/Login.aspx", page("Login", f'<form method="post" action="./Login.aspx" id="form1">{fields(first, valid)}<input name="ctl00$user"><input type="password" name="ctl00$password"></form>'),
          cookies={"ASP.NET_SessionId": w.text(24, "abcdefghijklmnopqrstuvwxyz012345")})
    w.form("/Login.aspx", post(first, valid, **{"ctl00$user": "ann", "ctl00$password": "s3cret-Pass"}), status=302, location="/Orders.aspx",
           cookies={".ASPXAUTH": w.hex(160).upper()})
    w.get("/Orders.aspx", page("Orders", f'<form method="post" action="./Orders.aspx" id="form1">{fields(second, valid2)}</form>'))
    panel = f"1|#||4|214|updatePanel|ctl00_grid|<table><tr><td>4</td></tr></table>|0|hiddenField|__EVENTTARGET||{len(third)}|hiddenField|__VIEWSTATE|{third}|8|hiddenField|__VIEWSTATEGENERATOR|{gen}|{len(valid2)}|hiddenField|__EVENTVALIDATION|{valid3}|0|asyncPostBackControlIDs|||"
    w.form("/Orders.aspx", post(second, valid2, __ASYNCPOST="true"), panel, mime="text/plain; charset=utf-8", headers=[("X-MicrosoftAjax", "Delta=true")])
    w.form("/Orders.aspx", post(third, valid3, **{"ctl00$save": "Save"}), page("Saved", "ok"))
    w.want("#0 -> #1 form __VIEWSTATE", "#0 -> #1 form __EVENTVALIDATION", "#2 -> #3 form __VIEWSTATE", "#2 -> #3 form __EVENTVALIDATION",
           "#3 -> #4 form __VIEWSTATE", "#3 -> #4 form __EVENTVALIDATION")
    w.may(*(f"#{a} -> #{b} form __VIEWSTATEGENERATOR" for a, b in ((0, 1), (2, 3), (2, 4), (3, 4))))


@walk
def aspnet_core(w):
    a, b = "CfDJ8" + w.text(150), "CfDJ8" + w.text(150)
    order = w.uuid()
    w.get("/Account/Login", page("Log in", f'<form method="post">{LOGIN}{hidden("__RequestVerificationToken", a)}</form>'),
          cookies={".AspNetCore.Antiforgery." + w.text(11): "CfDJ8" + w.text(120)})
    w.form("/Account/Login", {**account(), "__RequestVerificationToken": a, "RememberMe": "false"}, status=302, location="/", cookies={".AspNetCore.Identity.Application": w.text(200)})
    w.get("/", page("Home", f'<form id="__af">{hidden("__RequestVerificationToken", b)}</form>'))
    w.json("/api/orders", {"sku": "tea"}, {"orderId": order, "state": "Open"}, headers=[("RequestVerificationToken", b)])
    w.json(f"/api/orders/{order}/lines", {"sku": "cup", "n": 1}, {"ok": True}, headers=[("RequestVerificationToken", b)])
    w.want("#0 -> #1 form __RequestVerificationToken", "#2 -> #3 header RequestVerificationToken", "#2 -> #4 header RequestVerificationToken", "#3 -> #4 path orders")


@walk
def spring(w):
    sid, csrf, csrf2 = w.hex(32).upper(), w.uuid(), w.uuid()
    w.get("/app/login", page("Please sign in", f'<form action="/app/login;jsessionid={sid}" method="post">{LOGIN}{hidden("_csrf", csrf)}</form>'), cookies={"JSESSIONID": sid})
    w.form(f"/app/login;jsessionid={sid}", {**account(), "_csrf": csrf}, status=302, location="/app/home", cookies={"JSESSIONID": w.hex(32).upper()})
    w.get("/app/home", page("Home", "", f'<meta name="_csrf" content="{csrf2}"/><meta name="_csrf_header" content="X-CSRF-TOKEN"/>'))
    made = w.number(4000, 9000)
    w.json("/app/api/items", {"name": "A thing"}, "", status=201, sets=[("Location", f"https://app.example/app/api/items/{made}")], headers=[("X-CSRF-TOKEN", csrf2)])
    w.get(f"/app/api/items/{made}", {"id": int(made), "name": "A thing", "version": 0}, page=False)
    w.json(f"/app/api/items/{made}", {"id": int(made), "name": "Other", "version": 0}, {"version": 1}, method="PUT", headers=[("X-CSRF-TOKEN", csrf2)])
    w.want("#0 -> #1 path app", "#0 -> #1 form _csrf", "#2 -> #3 header X-CSRF-TOKEN", "#3 -> #4 path items", "#3/#4 -> #5 path items",
           "#3/#4 -> #5 json id", "#2 -> #5 header X-CSRF-TOKEN")
    w.may("#4 -> #5 json version")


@walk
def laravel(w):
    def xsrf():
        return base64.b64encode(json.dumps({"iv": w.bytes64(16), "value": w.bytes64(60), "mac": w.hex(64), "tag": ""}).encode()).decode()
    a, b, c, tok = xsrf(), xsrf(), xsrf(), w.text(40, ALNUM)
    w.get("/login", page("Login", f'<form method="POST" action="https://app.example/login">{hidden("_token", tok)}{LOGIN}</form>'), cookies={"XSRF-TOKEN": quote(a, safe=""), "app_session": quote(xsrf(), safe="")})
    w.form("/login", {"_token": tok, "email": "ann@mail.example", "password": "s3cret-Pass"}, status=302, location="https://app.example/home", cookies={"XSRF-TOKEN": quote(b, safe="")})
    w.get("https://app.example/home", page("Home", "<div id=app></div>"), cookies={"XSRF-TOKEN": quote(c, safe="")})
    w.json("/api/tasks", {"title": "Do it"}, {"data": {"id": 12, "title": "Do it"}}, status=201, headers=[("X-XSRF-TOKEN", c)])
    w.send("DELETE", "/api/tasks/12", "", status=204, headers=[("X-XSRF-TOKEN", c)])
    w.want("#0 -> #1 form _token", "#2 -> #3 header X-XSRF-TOKEN", "#2 -> #4 header X-XSRF-TOKEN", "#3 -> #4 path tasks")


@walk
def django(w):
    a, b, cookie = w.text(64, ALNUM), w.text(64, ALNUM), w.text(32, ALNUM)
    w.get("/accounts/login/?next=/", page("Log in", f'<form method="post">{hidden("csrfmiddlewaretoken", a)}{LOGIN}{hidden("next", "/")}</form>'), cookies={"csrftoken": w.text(32, ALNUM)})
    w.form("/accounts/login/?next=/", {"csrfmiddlewaretoken": a, **account(), "next": "/"}, status=302, location="/", cookies={"csrftoken": cookie, "sessionid": w.text(32, "abcdefghijklmnopqrstuvwxyz0123456789")})
    w.get("/", page("Polls", f'<form action="/polls/3/vote/" method="post">{hidden("csrfmiddlewaretoken", b)}<input type=radio name=choice value=5></form>'))
    w.form("/polls/3/vote/", {"csrfmiddlewaretoken": b, "choice": "5"}, status=302, location="/polls/3/results/")
    w.get("/polls/3/results/", page("Results", "<p>5 votes</p>"))
    w.json("/api/comment/", {"poll": 3, "text": "hm"}, {"id": 77}, status=201, headers=[("X-CSRFToken", cookie)])
    w.want("#0 -> #1 form csrfmiddlewaretoken", "#2 -> #3 form csrfmiddlewaretoken", "#1 -> #5 header X-CSRFToken")


@walk
def drupal(w):
    def build():
        return "form-" + w.text(43)
    a, b, c, tok, nid = build(), build(), build(), w.text(43), w.number(20, 90)
    w.get("/user/login", page("Log in", f'<form action="/user/login" method="post" id="user-login-form"><input name="name"><input type="password" name="pass">{hidden("form_build_id", a)}{hidden("form_id", "user_login_form")}</form>'))
    w.form("/user/login", {"name": "ann", "pass": "s3cret-Pass", "form_build_id": a, "form_id": "user_login_form", "op": "Log in"}, status=303, location="/user/4", cookies={"SESS" + w.hex(32): w.text(43)})
    w.get("/user/4", page("ann", '<a href="/node/add/article">Add</a>'))
    w.get("/node/add/article", page("Create", f'<form action="/node/add/article" method="post" id="node-article-form">{hidden("form_build_id", b)}{hidden("form_token", tok)}{hidden("form_id", "node_article_form")}{hidden("changed", str(w.at))}<input name="title[0][value]"></form>'))
    w.form("/node/add/article?ajax_form=1&_wrapper_format=drupal_ajax", {"form_build_id": b, "form_token": tok, "form_id": "node_article_form", "_triggering_element_name": "add_more"},
           [{"command": "update_build_id", "old": b, "new": c}, {"command": "insert", "method": "replaceWith", "data": "<div>\\u003Cinput\\u003E</div>"}])
    w.form("/node/add/article", {"form_build_id": c, "form_token": tok, "form_id": "node_article_form", "title[0][value]": "A title", "op": "Save"}, status=303, location=f"/node/{nid}")
    w.get(f"/node/{nid}", page("A title", f'<a href="/node/{nid}/edit">Edit</a>'))
    w.get(f"/node/{nid}/edit", page("Edit A title", "<form></form>"))
    w.want("#0 -> #1 form form_build_id", "#3 -> #4 form form_build_id", "#3 -> #4 form form_token", "#4 -> #5 form form_build_id", "#3 -> #5 form form_token", "#5/#6 -> #7 path node")


@walk
def magento(w):
    key, uenc = w.text(16, ALNUM), base64.b64encode(b"https://app.example/tea.html").decode() + ","
    w.get("/tea.html", page("Tea", f'<form data-sku="tea" action="https://app.example/checkout/cart/add/uenc/{quote(uenc, safe="")}/product/41/" method="post">{hidden("product", "41")}{hidden("uenc", uenc)}{hidden("form_key", key)}<input name=qty></form>'),
          cookies={"PHPSESSID": w.text(26, "abcdefghijklmnopqrstuvwxyz012345")})
    w.multipart(f"/checkout/cart/add/uenc/{quote(uenc, safe='')}/product/41/", {"product": "41", "uenc": uenc, "form_key": key, "qty": "2"}, [])
    w.get(f"/customer/section/load/?sections=cart%2Cmessages&force_new_section_timestamp=true&_={w.at}417", {"cart": {"summary_count": 2, "data_id": w.at}}, page=False)
    mask = w.text(32, ALNUM)
    w.get("/checkout/", page("Checkout", f'<script>window.checkoutConfig = {{"formKey":"{key}","quoteData":{{"entity_id":"{mask}","store_id":1}}}};</script>'))
    w.json(f"/rest/default/V1/guest-carts/{mask}/shipping-information", {"addressInformation": {"countryId": "DE"}}, {"payment_methods": [{"code": "checkmo"}]})
    w.want("#0 -> #1 part form_key", "#3 -> #4 path guest-carts")
    w.may("#0 -> #1 path uenc", "#0 -> #1 part uenc", "#0 -> #1 part product", "#0 -> #1 path product")
    w.makes("_")


@walk
def wordpress(w):
    nonce, rest, post = w.hex(10), w.hex(10), w.number(30, 99)
    w.get("/wp-login.php", page("Log In", '<form name="loginform" action="/wp-login.php" method="post"><input name="log"><input type="password" name="pwd"><input type="hidden" name="testcookie" value="1"></form>'))
    w.form("/wp-login.php", {"log": "ann", "pwd": "s3cret-Pass", "wp-submit": "Log In", "testcookie": "1"}, status=302, location="/wp-admin/", cookies={"wordpress_logged_in_" + w.hex(32): w.text(60)})
    w.get("/wp-admin/", page("Dashboard", f'<form action="/wp-admin/post.php" method="post">{hidden("_wpnonce", nonce, "id=_wpnonce")}{hidden("_wp_http_referer", "/wp-admin/")}{hidden("post_ID", post)}</form><script>var wpApiSettings = {{"root":"https:\\/\\/app.example\\/wp-json\\/","nonce":"{rest}","versionString":"wp\\/v2\\/"}};</script>'))
    w.form("/wp-admin/post.php", {"_wpnonce": nonce, "_wp_http_referer": "/wp-admin/", "post_ID": post, "action": "post-quickdraft-save", "post_title": "A title"}, page("Draft", "saved"))
    w.json("/wp-json/wp/v2/comments", {"post": 1, "content": "hm"}, {"id": 311, "post": 1}, status=201, headers=[("X-WP-Nonce", rest)])
    w.json("/wp-json/wp/v2/comments/311", {"content": "hmm"}, {"id": 311}, headers=[("X-WP-Nonce", rest)])
    w.want("#2 -> #3 form _wpnonce", "#2 -> #3 form post_ID", "#2 -> #4 header X-WP-Nonce", "#2 -> #5 header X-WP-Nonce", "#4 -> #5 path comments")


@walk
def faces(w):
    def state():
        return f"{w.number(10**17, 9 * 10**17)}:-{w.number(10**17, 9 * 10**17)}"
    a, b, c = state(), state(), state()
    w.get("/faces/login.xhtml", page("Login", f'<form id="f" method="post" action="/faces/login.xhtml">{hidden("f", "f")}<input name="f:user"><input type="password" name="f:password">{hidden("javax.faces.ViewState", a, "autocomplete=off")}</form>'), cookies={"JSESSIONID": w.text(28)})
    w.form("/faces/login.xhtml", {"f": "f", "f:user": "ann", "f:password": "s3cret-Pass", "javax.faces.ViewState": a}, page("Cart", f'<form id="c" action="/faces/cart.xhtml">{hidden("javax.faces.ViewState", b)}</form>'))
    part = f'<?xml version="1.0" encoding="UTF-8"?><partial-response id="j_id1"><changes><update id="c:list"><![CDATA[<ul><li>Tea</li></ul>]]></update><update id="j_id1:javax.faces.ViewState:0"><![CDATA[{c}]]></update></changes></partial-response>'
    w.form("/faces/cart.xhtml", {"javax.faces.partial.ajax": "true", "c:sku": "tea", "javax.faces.ViewState": b}, part, mime="text/xml;charset=UTF-8")
    w.form("/faces/cart.xhtml", {"c:pay": "c:pay", "javax.faces.ViewState": c}, page("Thanks", "paid"))
    w.want("#0 -> #1 form javax.faces.ViewState", "#1 -> #2 form javax.faces.ViewState", "#2 -> #3 form javax.faces.ViewState")


@walk
def saml(w):
    request, response, relay = w.bytes64(300), w.bytes64(1500), w.text(32)
    w.get("/private", "", status=302, location=f"https://idp.app.example/sso?SAMLRequest={quote(request, safe='')}&RelayState={relay}", cookies={"sp": w.text(30)})
    auth = w.hex(64)
    w.get(f"https://idp.app.example/sso?SAMLRequest={quote(request, safe='')}&RelayState={relay}", page("Sign in", f'<form action="https://idp.app.example/login?AuthState={auth}" method="post">{LOGIN}{hidden("AuthState", auth)}</form>'))
    w.form(f"https://idp.app.example/login?AuthState={auth}", {**account(), "AuthState": auth},
           page("Redirecting", f'<form action="https://app.example/acs" method="post">{hidden("SAMLResponse", response)}{hidden("RelayState", relay)}</form><script>document.forms[0].submit()</script>'))
    w.form("https://app.example/acs", {"SAMLResponse": response, "RelayState": relay}, status=302, location="/private", cookies={"sp": w.text(30)})
    w.get("/private", page("Private", "hello"))
    w.want("#1 -> #2 query AuthState", "#1 -> #2 form AuthState", "#2 -> #3 form SAMLResponse", "#0/#2 -> #3 form RelayState")


@walk
def keycloak(w):
    state, nonce, code, tab, execution, realm = w.uuid(), w.uuid(), w.text(43), w.text(11), w.uuid(), "/realms/shop/protocol/openid-connect"
    idp = "https://sso.app.example"
    w.get("/", page("Shop", "<div id=app></div>"))
    login = f"{idp}/realms/shop/login-actions/authenticate?session_code={code}&amp;execution={execution}&amp;client_id=web&amp;tab_id={tab}"
    w.get(f"{idp}{realm}/auth?client_id=web&redirect_uri=https%3A%2F%2Fapp.example%2F&state={state}&response_mode=query&response_type=code&scope=openid&nonce={nonce}",
          page("Sign in", f'<form id="kc-form-login" action="{login}" method="post">{LOGIN}</form>'), cookies={"AUTH_SESSION_ID": w.uuid()})
    grant = f"{w.uuid()}.{w.uuid()}.{w.uuid()}"
    back = f"https://app.example/?state={state}&session_state={w.uuid()}&code={grant}"
    w.form(login.replace("&amp;", "&"), account(), status=302, location=back)
    w.get(back, page("Shop", "<div id=app></div>"))
    access, refresh = f"eyJhbGciOi.{w.text(200)}.{w.text(86)}", f"eyJhbGciOi.{w.text(150)}.{w.text(43)}"
    w.form(f"{idp}{realm}/token", {"code": grant, "grant_type": "authorization_code", "client_id": "web", "redirect_uri": "https://app.example/"},
           {"access_token": access, "expires_in": 300, "refresh_token": refresh, "token_type": "Bearer"})
    w.get("/api/cart", {"items": []}, page=False, headers=[("Authorization", "Bearer " + access)])
    w.form(f"{idp}{realm}/token", {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "web"}, {"access_token": access + "x", "refresh_token": refresh + "y"})
    w.want("#1 -> #2 query session_code", "#1 -> #2 query execution", "#1 -> #2 query tab_id", "#2 -> #4 form code", "#4 -> #5 header Authorization", "#4 -> #6 form refresh_token")
    w.makes("state", "nonce")


@walk
def auth0(w):
    mine, state, code = w.text(32), "hKFo2S" + w.text(60), w.text(48)
    idp = "https://login.app.example"
    w.get("/signin", "", status=302, location=f"{idp}/authorize?client_id={'Xk3' + 'b' * 8}&state={mine}&redirect_uri=https://app.example/callback", cookies={"s": w.text(20)})
    w.get(f"{idp}/authorize?client_id={'Xk3' + 'b' * 8}&state={mine}&redirect_uri=https://app.example/callback", "", status=302, location=f"/u/login?state={state}")
    w.get(f"{idp}/u/login?state={state}", page("Log in", f'<form method="POST">{hidden("state", state)}{LOGIN}</form>'))
    w.form(f"{idp}/u/login?state={state}", {"state": state, **account(), "action": "default"}, status=302, location=f"/authorize/resume?state={state}")
    w.get(f"{idp}/authorize/resume?state={state}", "", status=302, location=f"https://app.example/callback?code={code}&state={mine}")
    w.get(f"https://app.example/callback?code={code}&state={mine}", "", status=302, location="/", cookies={"s": w.text(20)})
    w.get("/", page("Home", "hello"))
    w.want("#1/#2 -> #3 query state", "#1/#2 -> #3 form state")


@walk
def graphql(w):
    def node(kind, n):
        return base64.b64encode(f"{kind}:{n}".encode()).decode()
    n = int(w.number(1000, 9000))
    cursor = base64.b64encode(f'arrayconnection:{n}'.encode()).decode()
    posts = [{"cursor": node("cursor", i), "node": {"id": node("Post", n + i), "title": t}} for i, t in enumerate(("Tea", "Cups", "Cake"))]
    w.json("/graphql", {"operationName": "Login", "variables": account(), "query": "mutation Login"}, {"data": {"login": {"token": "gho_" + w.text(36, ALNUM)}}})
    token = json.loads(w.entries[0]["response"]["content"]["text"])["data"]["login"]["token"]
    bearer = [("Authorization", "Bearer " + token)]
    w.json("/graphql", {"operationName": "Feed", "variables": {"first": 3}, "query": "query Feed"}, {"data": {"feed": {"edges": posts, "pageInfo": {"endCursor": cursor, "hasNextPage": True}}}}, headers=bearer)
    w.json("/graphql", {"operationName": "Feed", "variables": {"first": 3, "after": cursor}, "query": "query Feed"}, {"data": {"feed": {"edges": []}}}, headers=bearer)
    w.json("/graphql", {"operationName": "Like", "variables": {"input": {"subjectId": posts[1]["node"]["id"], "clientMutationId": "1"}}, "query": "mutation Like"}, {"data": {"like": {"clientMutationId": "1"}}}, headers=bearer)
    w.want("#1 -> #2 json after", "#1 -> #3 json subjectId", *(f"#0 -> #{i} header Authorization" for i in (1, 2, 3)))


@walk
def aura(w):
    token, fwuid = f"eyJub25jZSI6Ii.{w.text(90)}.{w.text(43)}", w.text(22)
    context = {"mode": "PROD", "fwuid": fwuid, "app": "siteforce:communityApp", "loaded": {}, "dn": [], "globals": {}, "uad": False}
    w.get("/s/", page("Community", f'<script>var auraConfig = {json.dumps({"context": {"fwuid": fwuid, "mode": "PROD"}, "token": token})};</script>'), cookies={"sid": w.text(100)})
    def call(action, params):
        return {"message": json.dumps({"actions": [{"id": "71;a", "descriptor": action, "params": params}]}), "aura.context": json.dumps(context), "aura.pageURI": "/s/", "aura.token": token}
    record = "500" + w.text(15, ALNUM)
    w.form("/s/sfsites/aura?r=1&other.Cases.create=1", call("apex://Cases/create", {"subject": "Help"}), {"actions": [{"id": "71;a", "state": "SUCCESS", "returnValue": {"recordId": record}}]})
    w.form("/s/sfsites/aura?r=2&other.Cases.get=1", call("apex://Cases/get", {"recordId": record}), {"actions": [{"state": "SUCCESS", "returnValue": {"Subject": "Help"}}]})
    w.want("#0 -> #1 form aura.token", "#0 -> #2 form aura.token", "#1 -> #2 json recordId")
    w.may("#0 -> #1 json fwuid", "#0 -> #2 json fwuid")


@walk
def jira(w):
    atl = f"{w.text(4, 'ABCDEFGH')}-{w.text(4, 'IJKLMNOP')}-{w.text(4, 'QRSTUVWX')}-{w.text(4, 'ABCDEFGH')}_{w.hex(40)}_lin"
    issue, key = w.number(10100, 10999), "DEMO-" + w.number(51, 97)
    w.get("/login.jsp", page("Log in", f'<form action="/login.jsp" method="post"><input name="os_username"><input type="password" name="os_password">{hidden("atl_token", "")}</form>'))
    w.form("/login.jsp", {"os_username": "ann", "os_password": "s3cret-Pass", "atl_token": "", "login": "Log in"}, status=302, location="/secure/Dashboard.jspa", cookies={"atlassian.xsrf.token": atl, "JSESSIONID": w.hex(32).upper()})
    w.get("/secure/Dashboard.jspa", page("Dashboard", "", f'<meta id="atlassian-token" name="atlassian-token" content="{atl}">'))
    w.form("/secure/QuickCreateIssue.jspa?decorator=none", {"pid": "10000", "issuetype": "10002", "atl_token": atl, "formToken": "", "summary": "It fails"},
           {"issueKey": key, "createdIssueDetails": {"id": issue, "key": key, "self": f"https://app.example/rest/api/2/issue/{issue}"}})
    w.get(f"/browse/{key}", page("It fails", f'<a href="/secure/EditIssue!default.jspa?id={issue}">Edit</a>'))
    w.form("/secure/AddComment.jspa", {"atl_token": atl, "id": issue, "comment": "me too"}, status=302, location=f"/browse/{key}?focusedId=77")
    w.want("#1/#2 -> #3 form atl_token", "#1/#2 -> #5 form atl_token", "#3 -> #4 path browse", "#3/#4 -> #5 form id")


@walk
def device_flow(w):
    device, user = w.text(40), f"{w.text(4, 'BCDFGHJKLMNPQRSTVWXZ')}-{w.text(4, 'BCDFGHJKLMNPQRSTVWXZ')}"
    w.form("/oauth/device/code", {"client_id": "tv-app", "scope": "play"}, {"device_code": device, "user_code": user, "verification_uri": "https://app.example/device", "expires_in": 900, "interval": 5})
    poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device, "client_id": "tv-app"}
    w.form("/oauth/token", poll, {"error": "authorization_pending"}, status=400)
    w.get("/device", page("Connect", f'<form action="/device" method="post">{hidden("csrf", w.hex(32))}<input name="user_code"></form>'))
    csrf = w.entries[2]["response"]["content"]["text"].split('value="')[1].split('"')[0]
    w.form("/device", {"csrf": csrf, "user_code": user}, page("Done", "You may close this page"))
    w.form("/oauth/token", poll, {"access_token": w.text(50), "refresh_token": w.text(50), "token_type": "bearer"})
    access = json.loads(w.entries[4]["response"]["content"]["text"])["access_token"]
    w.get("/api/play", {"url": "x"}, page=False, headers=[("Authorization", "Bearer " + access)])
    w.want("#0 -> #1 form device_code", "#2 -> #3 form csrf", "#0 -> #3 form user_code", "#0 -> #4 form device_code", "#4 -> #5 header Authorization")


@walk
def short_keys(w):
    """Keys of 8 characters under names that tell nothing; a slug is no key."""
    keys = {colour: w.text(8) for colour in ("grey", "blue", "green")}
    coupon = w.text(8, ALNUM)
    w.form("/login", account(), cookies={"sid": w.text(24)})
    w.get("/api/rooms", {"rooms": [{"ref": key, "name": name, "seats": 4} for name, key in keys.items()]}, page=False)
    w.json(f"/api/rooms/{keys['blue']}/join", {"quiet": True}, {"joined": True})
    w.get("/api/categories", {"categories": [{"slug": "shoes", "title": "Shoes"}, {"slug": "winter-2026", "title": "Winter"}]}, page=False)
    w.get("/category/shoes", page("Shoes", "<p>Boots</p>"))
    w.json("/api/coupons", {"for": "shoes"}, {"data": {"code": coupon, "percent": 5}}, status=201)
    w.json(f"/api/coupons/{coupon}/use", {}, {"used": True})
    w.want("#1 -> #2 path rooms", "#5 -> #6 path coupons")


@walk
def presigned(w):
    bucket, key = "https://uploads.app.example", "tmp/" + w.uuid() + ".txt"
    policy = base64.b64encode(json.dumps({"expiration": "2026-11-23T03:00:00Z", "conditions": [{"key": key}]}).encode()).decode()
    fields = {"key": key, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "AKIA" + w.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + "/20261123/eu-west-1/s3/aws4_request",
              "X-Amz-Date": "20261123T021321Z", "Policy": policy, "X-Amz-Signature": w.hex(64)}
    w.json("/api/uploads", {"name": "a.txt"}, {"url": bucket + "/", "fields": fields}, headers=[("Authorization", "Basic YW5uOnMzY3JldC1QYXNz")])
    w.multipart(bucket + "/", {**fields, "file": "hello"}, "", status=204)
    query = "&".join(f"{k}={quote(v, safe='')}" for k, v in {**{k: v for k, v in fields.items() if k.startswith("X-Amz-") and k != "X-Amz-Signature"}, "X-Amz-Expires": "900", "X-Amz-Signature": w.hex(64)}.items())
    target = f"{bucket}/tmp/{w.uuid()}.bin"
    w.json("/api/uploads/direct", {"name": "b.bin"}, {"uploadUrl": f"{target}?{query}", "method": "PUT"}, headers=[("Authorization", "Basic YW5uOnMzY3JldC1QYXNz")])
    w.send("PUT", f"{target}?{query}", "", body=("application/octet-stream", "bytes"))
    w.want(*(f"#0 -> #1 part {n}" for n in ("key", "X-Amz-Credential", "X-Amz-Date", "Policy", "X-Amz-Signature")), "#2 -> #3 path tmp",
           *(f"#0/#2 -> #3 query {n}" for n in ("X-Amz-Credential", "X-Amz-Date")), "#2 -> #3 query X-Amz-Signature")
    w.may("#0 -> #1 part X-Amz-Algorithm", "#0/#2 -> #3 query X-Amz-Algorithm", "#2 -> #3 query X-Amz-Expires")


@walk
def payments(w):
    intent = "pi_3" + w.text(23, ALNUM)
    secret, public = f"{intent}_secret_{w.text(25, ALNUM)}", "pk_test_" + w.text(24, ALNUM)
    w.get("/checkout", page("Pay", f'<script>const stripe = Pay("{public}");</script>'), cookies={"sid": w.text(24)})
    w.json("/create-payment-intent", {"items": [{"id": "tea"}]}, {"clientSecret": secret, "amount": 1400})
    method = "pm_1" + w.text(23, ALNUM)
    w.form("https://pay.app.example/v1/payment_methods", {"type": "card", "card[number]": "4242424242424242", "key": public}, {"id": method, "object": "payment_method"})
    w.form(f"https://pay.app.example/v1/payment_intents/{intent}/confirm", {"payment_method": method, "client_secret": secret, "key": public}, {"id": intent, "status": "succeeded"})
    w.get(f"/thanks?payment_intent={intent}&payment_intent_client_secret={secret}&redirect_status=succeeded", page("Thanks", "paid"))
    w.want("#1 -> #3 path payment_intents", "#2 -> #3 form payment_method", "#1 -> #3 form client_secret", "#1/#3 -> #4 query payment_intent", "#1 -> #4 query payment_intent_client_secret")
    w.may("#0 -> #2 form key", "#0 -> #3 form key")


@walk
def engine_io(w):
    sid = w.text(15) + "AAAC"
    def stamp(n):
        return "PgX" + w.text(3) + str(n)
    w.get("/chat", page("Chat", "<div id=log></div>"))
    w.get(f"/socket.io/?EIO=4&transport=polling&t={stamp(1)}", f'0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}}', page=False, mime="text/plain; charset=UTF-8")
    w.send("POST", f"/socket.io/?EIO=4&transport=polling&t={stamp(2)}&sid={sid}", "ok", body=("text/plain;charset=UTF-8", "40"))
    w.get(f"/socket.io/?EIO=4&transport=polling&t={stamp(3)}&sid={sid}", f'40{{"sid":"{w.text(20)}"}}', page=False, mime="text/plain; charset=UTF-8")
    w.want("#1 -> #2 query sid", "#1 -> #3 query sid")


@walk
def couch(w):
    rev, rev2, doc = "1-" + w.hex(32), "2-" + w.hex(32), w.hex(32)
    w.json("/_session", {"name": "ann", "password": "s3cret-Pass"}, {"ok": True, "name": "ann"}, cookies={"AuthSession": w.text(40)})
    w.json("/notes", {"title": "x"}, {"ok": True, "id": doc, "rev": rev}, status=201)
    w.json(f"/notes/{doc}", {"_id": doc, "_rev": rev, "title": "y"}, {"ok": True, "id": doc, "rev": rev2}, method="PUT", status=201)
    w.send("DELETE", f"/notes/{doc}?rev={rev2}", {"ok": True}, headers=[("If-Match", f'"{rev2}"')])
    w.want("#1 -> #2 path notes", "#1 -> #2 json _id", "#1 -> #2 json _rev", "#1/#2 -> #3 path notes", "#2 -> #3 query rev", "#2 -> #3 header If-Match")


@walk
def phpbb(w):
    def form(t):
        return hidden("creation_time", str(w.at - 3)) + hidden("form_token", t)
    a, b, sid = w.hex(40), w.hex(40), w.hex(32)
    stamp = w.at - 3
    w.get("/ucp.php?mode=login", page("Login", f'<form action="./ucp.php?mode=login&amp;sid={sid}" method="post">{LOGIN}{form(a)}{hidden("sid", sid)}</form>'), cookies={"phpbb3_sid": sid})
    w.form(f"/ucp.php?mode=login&sid={sid}", {**account(), "creation_time": str(stamp), "form_token": a, "sid": sid, "login": "Login"}, status=302, location="/index.php", cookies={"phpbb3_sid": w.hex(32)})
    w.get("/index.php", page("Board", "<a href='./posting.php?mode=post&amp;f=2'>New topic</a>"))
    stamp = w.at - 3
    w.get("/posting.php?mode=post&f=2", page("Post", f'<form id="postform" action="./posting.php?mode=post&amp;f=2" method="post">{form(b)}<input name="subject"></form>'))
    w.form("/posting.php?mode=post&f=2", {"subject": "A topic", "message": "text", "creation_time": str(stamp), "form_token": b, "post": "Submit"}, status=302, location="/viewtopic.php?t=812&p=4411#p4411")
    w.get("/viewtopic.php?t=812&p=4411", page("A topic", "text"))
    w.want("#0 -> #1 query sid", "#0 -> #1 form form_token", "#0 -> #1 form creation_time", "#0 -> #1 form sid", "#3 -> #4 form form_token", "#3 -> #4 form creation_time")


@walk
def symfony(w):
    a, b = f"{w.hex(8)}.{w.text(43)}.{w.text(64)}", f"{w.hex(8)}.{w.text(43)}.{w.text(64)}"
    w.get("/login", page("Login", f'<form method="post"><input name="_username"><input type="password" name="_password">{hidden("_csrf_token", a)}</form>'))
    w.form("/login", {"_username": "ann", "_password": "s3cret-Pass", "_csrf_token": a}, status=302, location="https://app.example/", cookies={"PHPSESSID": w.text(26, "abcdefghijklmnopqrstuvwxyz012345")})
    w.get("https://app.example/", page("Blog", '<a href="/post/new">New</a>'))
    w.get("/post/new", page("New", f'<form name="post" method="post"><input name="post[title]">{hidden("post[_token]", b, "id=post__token")}</form>'))
    w.form("/post/new", {"post[title]": "Hello", "post[_token]": b}, status=303, location="/post/hello")
    w.get("/post/hello", page("Hello", "text"))
    w.want("#0 -> #1 form _csrf_token", "#3 -> #4 form post[_token]")


@walk
def vaadin(w):
    key, push = w.uuid(), w.uuid()
    w.get("/?v-r=init&location=", {"appConfig": {"v-uiId": 0, "uidl": {"syncId": 0, "clientId": 0, "Vaadin-Security-Key": key, "Vaadin-Push-ID": push}}}, page=False, cookies={"JSESSIONID": w.hex(32).upper()})
    for i in range(3):
        w.json("/?v-r=uidl&v-uiId=0", {"csrfToken": key, "rpc": [{"type": "event", "node": 7, "event": "click"}], "syncId": i, "clientId": i}, f'for(;;);[{{"syncId":{i + 1},"clientId":{i + 1}}}]', mime="application/json; charset=UTF-8")
    w.want(*(f"#0 -> #{i} json csrfToken" for i in (1, 2, 3)), *(f"#{i} -> #{i + 1} json {n}" for i in (0, 1, 2) for n in ("syncId", "clientId")))
    w.may(*(f"#0 -> #{i} query v-uiId" for i in (1, 2, 3)))


@walk
def odoo(w):
    token, rec = w.hex(40) + "o" + str(w.at + 3600), w.number(40, 90)
    w.get("/web/login", page("Login", f'<form action="/web/login" method="post">{hidden("csrf_token", token)}<input name="login"><input type="password" name="password"></form><script>var odoo = {{ csrf_token: "{token}", debug: "" }};</script>'), cookies={"session_id": w.text(40)})
    w.form("/web/login", {"csrf_token": token, "login": "ann", "password": "s3cret-Pass", "redirect": ""}, status=303, location="/web", cookies={"session_id": w.text(40)})
    w.get("/web", page("Odoo", "<script>odoo.__session_info__ = {\"uid\": 2, \"db\": \"shop\"};</script>"))
    def call(method, args, n, answer):
        return w.json(f"/web/dataset/call_kw/res.partner/{method}", {"id": n, "jsonrpc": "2.0", "method": "call", "params": {"model": "res.partner", "method": method, "args": args, "kwargs": {}}}, {"jsonrpc": "2.0", "id": n, "result": answer})
    call("create", [{"name": "A person"}], 3, int(rec))
    call("read", [[int(rec)], ["name"]], 4, [{"id": int(rec), "name": "A person"}])
    w.want("#0 -> #1 form csrf_token", "#3 -> #4 json args")


@walk
def servicenow(w):
    ck, sys_id = w.hex(72), w.hex(32)
    w.get("/login.do", page("Log in", f'<form action="login.do" method="post"><input name="user_name"><input type="password" name="user_password">{hidden("sysparm_ck", w.hex(72))}</form>'), cookies={"JSESSIONID": w.hex(32).upper()})
    first = w.entries[0]["response"]["content"]["text"].split('value="')[1].split('"')[0]
    w.form("/login.do", {"sysparm_ck": first, "user_name": "ann", "user_password": "s3cret-Pass", "sys_action": "sysverb_login"}, status=302, location="/navpage.do")
    w.get("/navpage.do", page("Desk", f"<script>window.g_ck = '{ck}'; window.NOW = {{}};</script>"))
    w.json("/api/now/table/incident", {"short_description": "It fails"}, {"result": {"sys_id": sys_id, "number": "INC0010" + w.number(100, 999)}}, status=201, headers=[("X-UserToken", ck)])
    w.json(f"/api/now/table/incident/{sys_id}", {"state": "2"}, {"result": {"sys_id": sys_id}}, method="PATCH", headers=[("X-UserToken", ck)])
    w.want("#0 -> #1 form sysparm_ck", "#2 -> #3 header X-UserToken", "#2 -> #4 header X-UserToken", "#3 -> #4 path incident")


@walk
def refresh_chain(w):
    a1, r1, a2, r2 = (w.text(60) for _ in range(4))
    w.json("/auth/login", account(), {"accessToken": a1, "refreshToken": r1, "user": {"id": 5, "role": "member"}})
    w.get("/api/items?limit=20&offset=0", {"items": [{"id": 5, "name": "Tea"}], "total": 1}, page=False, headers=[("Authorization", "Bearer " + a1)])
    w.json("/auth/refresh", {"refreshToken": r1}, {"accessToken": a2, "refreshToken": r2})
    w.get("/api/items/5", {"id": 5}, page=False, headers=[("Authorization", "Bearer " + a2)])
    w.json("/auth/logout", {"refreshToken": r2}, "", status=204, headers=[("Authorization", "Bearer " + a2)])
    w.want("#0 -> #1 header Authorization", "#0 -> #2 json refreshToken", "#2 -> #3 header Authorization", "#2 -> #4 json refreshToken", "#2 -> #4 header Authorization")
    w.may("#1 -> #3 path items")


@walk
def plain_site(w):
    """Nothing in it is a token: build hashes, page numbers, dates, ids of products that stay, words."""
    build = w.text(21)
    w.get("/", page("Shop", f'<a href="/p/tea-41">Tea</a><a href="/list?page=2&amp;sort=price_asc&amp;size=24">More</a><script src="/_next/static/{build}/main.js"></script>'))
    w.get(f"/_next/static/{build}/main.js", f"self.build='{build}';", page=False, mime="application/javascript")
    w.get("/list?page=2&sort=price_asc&size=24", page("List", "<ul><li data-id=41>Tea 12.50</li><li data-id=42>Cup 4.00</li></ul>"))
    w.get("/p/tea-41", page("Tea", '<select name="size"><option value="100">100 g</option><option value="250" selected>250 g</option></select><time datetime="2026-11-20">20 November</time>'))
    w.get("/api/stock?sku=41&size=250&from=2026-11-20&lang=en-GB&currency=EUR", {"sku": 41, "size": 250, "from": "2026-11-20", "lang": "en-GB", "currency": "EUR", "count": 7}, page=False)
    w.get("/search?q=tea+cup&category=kitchen", page("Search", '<input name="q" value="tea cup"><input type="hidden" name="category" value="kitchen">'))
    w.form("/newsletter", {"mail": "ann@mail.example", "category": "kitchen", "utm_source": "footer", "consent": "on"}, page("Thanks", "Welcome ann@mail.example"))
    w.may("#0 -> #1 path static")


def make(seed):
    """{name: Walk} of all of them."""
    walks = {}
    for n, fn in enumerate(WALKS + applications.WALKS):
        walks[fn.__name__] = w = Walk(seed * 1000 + n)
        fn(w)
    return walks
