"""More walks for the second labelled set: how well-known applications (wikis, blogs, mail, trackers, shops, panels)
hand out their tokens. Imported by frameworks.py, which has the list; see there."""
import json

from walk import ALNUM, LOGIN, account, hidden, listed, page

WALKS = []
walk = listed(WALKS)


@walk
def ghost(w):
    post, stamp, later = w.hex(24), "2026-11-23T02:13:22.000Z", "2026-11-23T02:13:26.000Z"
    w.json("/ghost/api/admin/session", account(), "Created", status=201, mime="text/plain", cookies={"ghost-admin-api-session": "s%3A" + w.text(43)})
    w.json("/ghost/api/admin/posts/?formats=lexical", {"posts": [{"title": "A title", "status": "draft"}]},
           {"posts": [{"id": post, "uuid": w.uuid(), "title": "A title", "updated_at": stamp, "status": "draft"}]}, status=201)
    w.json(f"/ghost/api/admin/posts/{post}/?formats=lexical", {"posts": [{"id": post, "title": "B title", "updated_at": stamp, "status": "published"}]},
           {"posts": [{"id": post, "title": "B title", "updated_at": later}]}, method="PUT")
    w.want("#1 -> #2 path posts", "#1 -> #2 json id", "#1 -> #2 json updated_at")


@walk
def mediawiki(w):
    a, b, c = w.hex(40) + "+\\", w.hex(40) + "+\\", w.hex(40) + "+\\"
    rev = w.number(100, 900)
    w.get("/index.php?title=Special:UserLogin", page("Log in", f'<form name="userlogin" method="post" action="/index.php?title=Special:UserLogin">{hidden("wpLoginToken", a)}<input name="wpName"><input type="password" name="wpPassword"></form>'))
    w.form("/index.php?title=Special:UserLogin", {"wpName": "Ann", "wpPassword": "s3cret-Pass", "wpLoginToken": a}, status=302, location="/index.php/Main_Page", cookies={"wikiUserID": "2", "wiki_session": w.hex(32)})
    w.get("/index.php/Main_Page", page("Main Page", f'<script>mw.config.set({{"wgCurRevisionId":{rev}}});mw.user.tokens.set({{"csrfToken":"{b[:-1]}\\\\"}});</script>'))
    w.get("/index.php?title=Note&action=edit", page("Creating Note", f'<form id="editform" name="editform" method="post" action="/index.php?title=Note&amp;action=submit">{hidden("wpStarttime", "20261123021326")}{hidden("wpEdittime", "20261123021326")}{hidden("editRevId", "0")}{hidden("wpEditToken", c)}<textarea name="wpTextbox1"></textarea></form>'))
    w.multipart("/index.php?title=Note&action=submit", {"wpTextbox1": "text", "wpStarttime": "20261123021326", "wpEdittime": "20261123021326", "editRevId": "0", "wpEditToken": c}, "", status=302, location="/index.php/Note")
    w.get("/index.php/Note", page("Note", "text"))
    w.form("/api.php", {"action": "watch", "titles": "Note", "token": b, "format": "json"}, {"batchcomplete": True})
    w.want("#0 -> #1 form wpLoginToken", "#3 -> #4 part wpEditToken", "#2 -> #6 form token", "#3 -> #4 part wpStarttime", "#3 -> #4 part wpEdittime")
    w.may("#3 -> #4 part editRevId")


@walk
def dokuwiki(w):
    tok, tok2 = w.hex(32), w.hex(32)
    date = str(w.at - 4000)
    w.get("/doku.php?id=start&do=login", page("start", f'<form id="dw__login" method="post" action="/doku.php?id=start">{hidden("sectok", tok)}{hidden("id", "start")}{hidden("do", "login")}<input name="u"><input type="password" name="p"></form>'))
    w.form("/doku.php?id=start", {"sectok": tok, "id": "start", "do": "login", "u": "ann", "p": "s3cret-Pass"}, page("start", "hello"), cookies={"DW" + w.hex(32): w.text(60)})
    w.get("/doku.php?id=start&do=edit", page("start", f'<form id="dw__editform" method="post" action="/doku.php?id=start">{hidden("sectok", tok2)}{hidden("id", "start")}{hidden("rev", "0")}{hidden("date", date)}{hidden("changecheck", w.hex(32))}<textarea name="wikitext">x</textarea></form>'))
    check = w.entries[2]["response"]["content"]["text"].split('changecheck"  value="')[1].split('"')[0]
    w.form("/doku.php?id=start", {"sectok": tok2, "id": "start", "rev": "0", "date": date, "changecheck": check, "wikitext": "y", "do[save]": "Save"}, status=302, location="/doku.php?id=start")
    w.get("/doku.php?id=start", page("start", "y"))
    w.want("#0 -> #1 form sectok", "#2 -> #3 form sectok", "#2 -> #3 form date", "#2 -> #3 form changecheck")
    w.may("#2 -> #3 form rev")


@walk
def roundcube(w):
    a, b, uid = w.text(32, ALNUM), w.text(32, ALNUM), w.number(3, 9)
    w.get("/?_task=login", page("Login", f'<form name="form" method="post" action="/?_task=login">{hidden("_token", a)}{hidden("_task", "login")}{hidden("_action", "login")}<input name="_user"><input name="_pass" type="password"></form><script>rcmail.set_env({{"task":"login","request_token":"{a}"}});</script>'), cookies={"roundcube_sessid": w.text(26)})
    w.form("/?_task=login", {"_token": a, "_task": "login", "_action": "login", "_user": "ann", "_pass": "s3cret-Pass"}, status=302, location=f"/?_task=mail&_token={b}", cookies={"roundcube_sessauth": w.text(30)})
    w.get(f"/?_task=mail&_token={b}", page("Mail", f'<script>rcmail.set_env({{"task":"mail","request_token":"{b}","mailbox":"INBOX"}});</script>'))
    w.get(f"/?_task=mail&_action=list&_mbox=INBOX&_remote=1&_unlock=loading{w.at}417", {"action": "list", "exec": f'this.add_message_row({uid},{{"subject":"Hello"}});'}, page=False, headers=[("X-Roundcube-Request", b)])
    compose = w.text(22)
    w.get("/?_task=mail&_action=compose", "", status=302, location=f"/?_task=mail&_action=compose&_id={compose}")
    w.get(f"/?_task=mail&_action=compose&_id={compose}", page("Compose", f'<form name="form" action="/?_task=mail" method="post">{hidden("_token", b)}{hidden("_task", "mail")}{hidden("_action", "send")}{hidden("_id", compose)}<input name="_subject"></form>'))
    w.form("/?_task=mail&_unlock=loading1795400014&_framed=1", {"_token": b, "_task": "mail", "_action": "send", "_id": compose, "_to": "bob@mail.example", "_subject": "Hi"}, page("ok", "sent"))
    w.form("/?_task=mail&_action=mark", {"_uid": uid, "_flag": "read", "_remote": "1"}, {"action": "mark"}, headers=[("X-Roundcube-Request", b)])
    w.want("#0 -> #1 form _token", "#1/#2 -> #3 header X-Roundcube-Request", "#1/#5 -> #6 form _token", "#4/#5 -> #6 form _id", "#3 -> #7 form _uid", "#1/#2/#5 -> #7 header X-Roundcube-Request")


@walk
def gitea(w):
    a, b, c = (w.text(27) + ":" + str(w.at) + "000000000" for _ in range(3))
    def script(t):
        return f"<script>window.config = {{appUrl: 'https:\\/\\/app.example\\/', csrfToken: '{t}', pageData: {{}}}};</script>"
    w.get("/user/login", page("Sign In", f'<form action="/user/login" method="post">{hidden("_csrf", a)}<input name="user_name"><input type="password" name="password"></form>', script(a)), cookies={"_csrf": a.replace(":", "%3A")})
    w.form("/user/login", {"_csrf": a, "user_name": "ann", "password": "s3cret-Pass"}, status=303, location="/", cookies={"i_like_gitea": w.hex(16), "_csrf": b.replace(":", "%3A")})
    w.get("/", page("Dashboard", "", script(b)))
    w.get("/ann/repo/issues/new", page("New issue", f'<form class="ui comment form" id="new-issue" action="/ann/repo/issues/new" method="post">{hidden("_csrf", c)}<input name="title"></form>', script(c)))
    n = w.number(30, 90)
    w.form("/ann/repo/issues/new", {"_csrf": c, "title": "It fails", "content": ""}, {"redirect": f"/ann/repo/issues/{n}"})
    w.get(f"/ann/repo/issues/{n}", page("It fails", f'<form action="/ann/repo/issues/{n}/comments" method="post">{hidden("_csrf", c)}</form>'))
    w.form(f"/ann/repo/issues/{n}/comments", {"_csrf": c, "content": "me too"}, {"redirect": f"/ann/repo/issues/{n}#issuecomment-77"})
    w.want("#0 -> #1 form _csrf", "#3 -> #4 form _csrf", "#4 -> #5 path issues", "#4/#5 -> #6 path issues", "#3/#5 -> #6 form _csrf")


@walk
def nextcloud(w):
    def token():
        return w.bytes64(32) + ":" + w.bytes64(32)
    a, b = token(), token()
    w.get("/login", f'<!DOCTYPE html><html><head data-requesttoken="{a}"><title>Login</title></head><body><div id="login"></div></body></html>', cookies={"oc_sessionPassphrase": w.text(100)})
    w.form("/login", {"user": "ann", "password": "s3cret-Pass", "timezone": "UTC", "requesttoken": a}, status=303, location="/apps/files/", cookies={"nc_token": w.text(32), "nc_session_id": w.text(26)})
    w.get("/apps/files/", f'<!DOCTYPE html><html><head data-user="ann" data-requesttoken="{b}"><title>Files</title></head><body></body></html>')
    w.send("MKCOL", "/remote.php/dav/files/ann/Notes", "", status=201, headers=[("requesttoken", b)], sets=[("OC-FileId", "00000311ocx7")])
    w.json("/ocs/v2.php/apps/files_sharing/api/v1/shares", {"path": "/Notes", "shareType": 3}, {"ocs": {"meta": {"status": "ok"}, "data": {"id": w.number(20, 90), "token": w.text(15, ALNUM)}}}, headers=[("requesttoken", b)])
    made = json.loads(w.entries[4]["response"]["content"]["text"])["ocs"]["data"]
    w.json(f"/ocs/v2.php/apps/files_sharing/api/v1/shares/{made['id']}", {"permissions": "1"}, {"ocs": {"meta": {"status": "ok"}}}, method="PUT", headers=[("requesttoken", b)])
    w.get(f"/s/{made['token']}", page("Notes", "shared"))
    w.want("#0 -> #1 form requesttoken", *(f"#2 -> #{i} header requesttoken" for i in (3, 4, 5)), "#4 -> #5 path shares", "#4 -> #6 path s")


@walk
def discourse(w):
    a, topic, post = w.text(86), w.number(20, 80), w.number(100, 400)
    w.get("/", page("Forum", "", f'<meta name="csrf-param" content="authenticity_token"/><meta name="csrf-token" content="{w.text(86)}"/>'))
    w.get("/session/csrf", {"csrf": a}, page=False, headers=[("X-CSRF-Token", "undefined")])
    w.form("/session", {"login": "ann", "password": "s3cret-Pass", "second_factor_method": "1"}, {"user": {"id": 4, "username": "ann"}}, headers=[("X-CSRF-Token", a)], cookies={"_t": w.text(60)})
    b = w.text(86)
    w.get("/latest", page("Latest", "", f'<meta name="csrf-token" content="{b}"/>'))
    w.form("/posts", {"raw": "A long enough text", "title": "A title of it", "category": "4", "typing_duration_msecs": "3100", "nested_post": "true"},
           {"action": "create_post", "post": {"id": int(post), "topic_id": int(topic), "topic_slug": "a-title-of-it"}}, headers=[("X-CSRF-Token", b)])
    w.form("/posts", {"raw": "An answer to it", "topic_id": topic, "archetype": "regular"}, {"action": "create_post", "post": {"id": int(post) + 1, "topic_id": int(topic)}}, headers=[("X-CSRF-Token", b)])
    w.form(f"/posts/{int(post) + 1}", {"post[raw]": "A better answer"}, {"post": {"id": int(post) + 1}}, method="PUT", headers=[("X-CSRF-Token", b)])
    w.want("#1 -> #2 header X-CSRF-Token", *(f"#3 -> #{i} header X-CSRF-Token" for i in (4, 5, 6)), "#4 -> #5 form topic_id", "#5 -> #6 path posts")


@walk
def moodle(w):
    login, key = w.text(32, ALNUM), w.text(10, ALNUM)
    draft = w.number(100000000, 999999999)
    w.get("/login/index.php", page("Log in", f'<form action="https://app.example/login/index.php" method="post" id="login">{hidden("anchor", "")}{hidden("logintoken", login)}{LOGIN}</form>'), cookies={"MoodleSession": w.text(26)})
    w.form("/login/index.php", {"anchor": "", "logintoken": login, **account()}, status=303, location="/my/", cookies={"MoodleSession": w.text(26)})
    w.get("/my/", page("Dashboard", f'<script>M.cfg = {{"wwwroot":"https:\\/\\/app.example","sesskey":"{key}","theme":"boost"}};</script><a href="https://app.example/login/logout.php?sesskey={key}">Log out</a>'))
    w.json(f"/lib/ajax/service.php?sesskey={key}&info=core_courses", [{"index": 0, "methodname": "core_courses", "args": {"limit": 10}}], [{"error": False, "data": {"courses": []}}])
    w.get("/mod/forum/post.php?forum=1", page("Post", f'<form id="mformforum" action="https://app.example/mod/forum/post.php" method="post">{hidden("forum", "1")}{hidden("sesskey", key)}{hidden("_qf__mod_forum_post_form", "1")}{hidden("message[itemid]", draft)}</form>'))
    w.form("/mod/forum/post.php", {"forum": "1", "sesskey": key, "_qf__mod_forum_post_form": "1", "subject": "Hi", "message[text]": "x", "message[itemid]": draft}, status=303, location="/mod/forum/view.php?f=1")
    w.get("/mod/forum/view.php?f=1", page("Forum", "Hi"))
    w.want("#0 -> #1 form logintoken", "#2 -> #3 query sesskey", "#2/#4 -> #5 form sesskey", "#4 -> #5 form message[itemid]")


@walk
def joomla(w):
    a, b = w.hex(32), w.hex(32)
    w.get("/administrator/", page("Login", f'<form action="/administrator/index.php" method="post" id="form-login"><input name="username"><input name="passwd" type="password">{hidden("option", "com_login")}{hidden(a, "1")}</form>'), cookies={w.hex(32): w.hex(26)})
    w.form("/administrator/index.php", {"username": "ann", "passwd": "s3cret-Pass", "option": "com_login", "task": "login", a: "1"}, status=303, location="/administrator/index.php")
    w.get("/administrator/index.php", page("Home", f'<script type="application/json" class="joomla-script-options new">{{"csrf.token":"{b}","system.paths":{{"root":""}}}}</script>'))
    w.form("/administrator/index.php?option=com_content&task=article.save", {"jform[title]": "A title", "task": "article.save", b: "1"}, status=303, location="/administrator/index.php?option=com_content&view=article&id=77")
    w.get("/administrator/index.php?option=com_content&view=article&id=77", page("Edit", "saved"))
    w.want("#0 -> #1 form name", "#2 -> #3 form name")


@walk
def opencart(w):
    tok = w.hex(32)
    w.get("/admin/index.php?route=common/login", page("Login", f'<form id="form-login" action="https://app.example/admin/index.php?route=common/login.login&amp;login_token={w.hex(26)}" method="post">{LOGIN}</form>'), cookies={"OCSESSID": w.hex(26)})
    login = w.entries[0]["response"]["content"]["text"].split("login_token=")[1].split('"')[0]
    w.form(f"/admin/index.php?route=common/login.login&login_token={login}", account(), {"redirect": f"https://app.example/admin/index.php?route=common/dashboard&user_token={tok}"})
    w.get(f"/admin/index.php?route=common/dashboard&user_token={tok}", page("Dashboard", f'<a href="https://app.example/admin/index.php?route=catalog/product&amp;user_token={tok}">Products</a>'))
    w.form(f"/admin/index.php?route=catalog/product.save&user_token={tok}", {"product_description[1][name]": "Tea", "product_id": "0"}, {"success": "Saved", "product_id": 61})
    w.form(f"/admin/index.php?route=catalog/product.save&user_token={tok}", {"product_description[1][name]": "Teas", "product_id": "61"}, {"success": "Saved"})
    w.want("#0 -> #1 query login_token", "#1 -> #2 query user_token", "#1/#2 -> #3 query user_token", "#1/#2 -> #4 query user_token", "#3 -> #4 form product_id")


@walk
def jenkins(w):
    crumb = w.hex(64)
    w.get("/login", page("Sign in", '<form method="post" name="login" action="j_spring_security_check"><input name="j_username"><input type="password" name="j_password"><input name="from" type="hidden"></form>'), cookies={"JSESSIONID.a1": w.text(30)})
    w.form("/j_spring_security_check", {"j_username": "ann", "j_password": "s3cret-Pass", "from": "", "Submit": ""}, status=302, location="/", cookies={"JSESSIONID.a1": w.text(30)})
    w.get("/", f'<!DOCTYPE html><html><head data-rooturl="" data-crumb-header="Jenkins-Crumb" data-crumb-value="{crumb}"><title>Dashboard</title></head><body></body></html>')
    w.form("/view/all/createItem", {"name": "job-a", "mode": "hudson.model.FreeStyleProject", "Jenkins-Crumb": crumb, "json": json.dumps({"name": "job-a", "Jenkins-Crumb": crumb})}, status=302, location="/job/job-a/configure")
    w.get("/job/job-a/configure", page("Config", "<form></form>"))
    w.form("/job/job-a/build?delay=0sec", {}, "", status=201, headers=[("Jenkins-Crumb", crumb)], sets=[("Location", "https://app.example/queue/item/57/")])
    w.get("/queue/item/57/api/json", {"id": 57, "why": None}, page=False)
    w.want("#2 -> #3 form Jenkins-Crumb", "#2 -> #3 json Jenkins-Crumb", "#2 -> #5 header Jenkins-Crumb", "#5 -> #6 path item")


@walk
def grafana(w):
    uid, version = w.text(9) + "nz", 1
    w.json("/login", {"user": "ann", "password": "s3cret-Pass"}, {"message": "Logged in"}, cookies={"grafana_session": w.hex(32)})
    board = {"id": None, "uid": "", "title": "A board", "version": 0, "schemaVersion": 39}
    w.json("/api/dashboards/db", {"dashboard": board, "overwrite": False}, {"id": 41, "uid": uid, "url": f"/d/{uid}/a-board", "status": "success", "version": version})
    w.get(f"/api/dashboards/uid/{uid}", {"meta": {"version": 1}, "dashboard": {**board, "id": 41, "uid": uid, "version": 1}}, page=False)
    w.json("/api/dashboards/db", {"dashboard": {**board, "id": 41, "uid": uid, "title": "B board", "version": 1}, "overwrite": False}, {"id": 41, "uid": uid, "status": "success", "version": 2})
    w.want("#1 -> #2 path uid", "#1/#2 -> #3 json uid", "#1/#2 -> #3 json id")
    w.may("#1/#2 -> #3 json version")


@walk
def mantis(w):
    a, bug = "20261123" + w.text(32), w.number(140, 190)
    w.form("/login.php", {"return": "index.php", **account()}, status=302, location="/my_view_page.php", cookies={"MANTIS_STRING_COOKIE": w.text(64)})
    w.get("/my_view_page.php", page("My View", "<a href='bug_report_page.php'>Report</a>"))
    w.get("/bug_report_page.php", page("Report", f'<form id="report_bug_form" method="post" action="bug_report.php?posted=1">{hidden("bug_report_token", a)}{hidden("m_id", "0")}{hidden("project_id", "1")}<input name="summary"></form>'))
    w.multipart("/bug_report.php?posted=1", {"bug_report_token": a, "m_id": "0", "project_id": "1", "summary": "It fails"}, page("Done", f'<a href="view.php?id={bug}">View Submitted Issue {bug}</a>'))
    w.get(f"/view.php?id={bug}", page("It fails", f'<form action="bugnote_add.php" method="post">{hidden("bugnote_add_token", a[:-1] + "x")}{hidden("bug_id", bug)}</form>'))
    w.form("/bugnote_add.php", {"bugnote_add_token": a[:-1] + "x", "bug_id": bug, "bugnote_text": "me too"}, page("Done", "ok"))
    w.want("#2 -> #3 part bug_report_token", "#3 -> #4 query id", "#4 -> #5 form bugnote_add_token", "#3/#4 -> #5 form bug_id")
    w.may("#2 -> #3 part m_id", "#2 -> #3 part project_id")


@walk
def roundup(w):
    a, b, bug, seen = w.text(54), w.text(54), w.number(14, 19), "2026-11-23.18:21:50"
    login = f'<form method="post" action="https://app.example/t/">{hidden("@action", "Login")}{hidden("@csrf", w.text(54))}<input name="__login_name"><input type="password" name="__login_password"></form>'
    w.get("/t/", page("Tracker", login))
    csrf = w.entries[0]["response"]["content"]["text"].split('"@csrf"  value="')[1].split('"')[0]
    w.form("/t/", {"__login_name": "ann", "__login_password": "s3cret-Pass", "@action": "Login", "@csrf": csrf}, status=302, location="/t/?@ok_message=Welcome", cookies={"roundup_session": w.text(30)})
    w.get("/t/issue?@template=item", page("New issue", f'<form method="post" name="itemSynopsis" enctype="multipart/form-data" action="issue"><input name="title">{hidden("@template", "item")}{hidden("@csrf", a)}{hidden("@action", "new")}</form>'))
    w.multipart("/t/issue", {"title": "It fails", "@template": "item", "@csrf": a, "@action": "new"}, "", status=302, location=f"https://app.example/t/issue{bug}?@ok_message=created&@template=item")
    w.get(f"/t/issue{bug}?@ok_message=created&@template=item", page("It fails", f'<form method="post" name="itemSynopsis" enctype="multipart/form-data" action="issue{bug}"><input name="title" value="It fails">{hidden("@template", "item")}{hidden("@lastactivity", seen)}{hidden("@csrf", b)}{hidden("@action", "edit")}</form>'))
    w.multipart(f"/t/issue{bug}", {"title": "It fails", "@note": "me too", "@template": "item", "@lastactivity": seen, "@csrf": b, "@action": "edit"}, "", status=302, location="/t/issue?@sort=-activity")
    w.get(f"/t/issue{bug}", page("It fails", "me too"))
    w.want("#0 -> #1 form @csrf", "#2 -> #3 part @csrf", "#3 -> #5 path t", "#4 -> #5 part @lastactivity", "#4 -> #5 part @csrf", "#3 -> #6 path t")


@walk
def wizard(w):
    crumb = w.text(32)
    for i in (1, 2):
        w.get(f"/setup/step{i}", page("Setup", f'<form method="post" action="/setup/step{i}">{hidden("_csrf", crumb)}<input name="name{i}"></form>'))
        w.form(f"/setup/step{i}", {"_csrf": crumb, f"name{i}": "Some name"}, status=303, location=f"/setup/step{i + 1}")
    w.get("/setup/step3", page("Done", "all is set"))
    w.want("#0 -> #1 form _csrf", "#2 -> #3 form _csrf")


@walk
def strapi(w):
    jwt = f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{w.text(60)}.{w.text(43)}"
    doc = w.text(24, "abcdefghijklmnopqrstuvwxyz0123456789")
    w.json("/admin/login", {"email": "ann@mail.example", "password": "s3cret-Pass"}, {"data": {"token": jwt, "user": {"id": 1, "documentId": w.text(24, "abcdefghijklmnopqrstuvwxyz0123456789")}}})
    auth = [("Authorization", "Bearer " + jwt)]
    w.json("/content-manager/collection-types/api::note.note", {"title": "A note"}, {"data": {"id": 33, "documentId": doc, "title": "A note", "updatedAt": "2026-11-23T02:13:22.101Z"}, "meta": {}}, status=201, headers=auth)
    w.json(f"/content-manager/collection-types/api::note.note/{doc}/actions/publish", {"title": "A note", "documentId": doc, "id": 33}, {"data": {"documentId": doc}}, headers=auth)
    w.send("DELETE", f"/content-manager/collection-types/api::note.note/{doc}", {"data": {}}, headers=auth)
    w.want("#1 -> #2 path api::note.note", "#1 -> #2 json documentId", "#1 -> #2 json id", "#1/#2 -> #3 path api::note.note", *(f"#0 -> #{i} header Authorization" for i in (1, 2, 3)))
