/* What the demo target shows: the shop's pages, script and style, and its JSON answers.
 *
 * Called by demo_route.c. Pages are whole and small: no file outside the binary, no other host. */
#include "cli/demo.h"

#include "base/enc.h"
#include "base/json.h"

const char demo_icon[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\">"
                         "<circle cx=\"8\" cy=\"8\" r=\"7\" fill=\"#246\"/>"
                         "<path d=\"M6 4l6 4-6 4z\" fill=\"#fff\"/></svg>\n";

const char demo_css[] =
    "body { font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: "
    "#123 }\n"
    "h1 { font-size: 1.4em } label { display: block; margin: .6em 0 } input { font: inherit }\n"
    "ul { list-style: none; padding: 0; columns: 2 } li { margin: .2em 0 }\n"
    "button { font: inherit; padding: .1em .7em } .complaint { color: #a00 }\n"
    "#detail, #cart, #order { border-top: 1px solid #ccd; padding: .6em 0 }\n";

const char demo_js[] =
    "'use strict';\n"
    "const $ = id => document.getElementById(id);\n"
    "const csrf = document.querySelector('meta[name=csrf]').content;\n"
    "const money = cents => (cents / 100).toFixed(2);\n"
    "let token = '';\n"
    "async function call(method, path, body) {\n"
    "  const headers = { Accept: 'application/json' };\n"
    "  if (token) headers.Authorization = 'Bearer ' + token; else headers['X-CSRF-Token'] = csrf;\n"
    "  if (body) headers['Content-Type'] = 'application/json';\n"
    "  const answer = await fetch('/api/' + path, { method, headers, body: body && "
    "JSON.stringify(body) });\n"
    "  if (!answer.ok) throw new Error(answer.status + ' for ' + path);\n"
    "  return answer.json();\n"
    "}\n"
    "function button(id, text, act) {\n"
    "  const b = document.createElement('button');\n"
    "  b.id = id; b.textContent = text; b.onclick = act;\n"
    "  return b;\n"
    "}\n"
    "function showCart(cart) {\n"
    "  $('cart').replaceChildren('Cart: ' + cart.count + ' pieces, ' + money(cart.total_cents) + ' "
    "');\n"
    "  if (cart.count) $('cart').append(button('buy', 'Order', order));\n"
    "}\n"
    "async function showItem(id) {\n"
    "  const item = await call('GET', 'items/' + id);\n"
    "  $('detail').replaceChildren(item.name + ': ' + item.about + ' ',\n"
    "    button('add', 'Into the cart', async () =>\n"
    "      showCart(await call('POST', 'cart', { item: item.id, quantity: 1 }))));\n"
    "}\n"
    "async function order() {\n"
    "  const made = await call('POST', 'orders', { delivery: 'letterbox' });\n"
    "  const read = await call('GET', 'orders/' + made.id);\n"
    "  $('order').replaceChildren('Order ' + read.id + ', ' + money(read.total_cents) + ' ',\n"
    "    button('pay', 'Pay', async () => {\n"
    "      const paid = await call('POST', 'orders/' + made.id + '/pay', { method: 'invoice' });\n"
    "      $('order').textContent = 'Order ' + paid.id + ' is ' + paid.status;\n"
    "    }));\n"
    "  showCart(await call('GET', 'cart'));\n"
    "}\n"
    "async function start() {\n"
    "  token = (await call('POST', 'token')).token;\n"
    "  const [items, cart] = await Promise.all([call('GET', 'items'), call('GET', 'cart')]);\n"
    "  for (const item of items.items) {\n"
    "    const line = document.createElement('li');\n"
    "    line.append(button('item-' + item.id, item.name, () => showItem(item.id)),\n"
    "      ' ' + money(item.price_cents));\n"
    "    $('items').append(line);\n"
    "  }\n"
    "  showCart(cart);\n"
    "}\n"
    "start();\n";

static void page_head(struct buf *out, const char *title)
{
    buf_addf(out,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title>\n"
             "<link rel=\"icon\" href=\"/shop/icon.svg\" type=\"image/svg+xml\">\n"
             "<link rel=\"stylesheet\" href=\"/shop/style.css\">\n",
             title);
}

void demo_page_login(struct buf *out, const char *csrf, const char *complaint)
{
    page_head(out, "Sign in");
    buf_addz(out, "</head><body><h1>Sign in to the demo shop</h1>\n");
    if (complaint) buf_addf(out, "<p class=\"complaint\">%s</p>\n", complaint);
    buf_addf(out,
             "<form method=\"post\" action=\"/shop/login\">\n"
             "<input type=\"hidden\" name=\"csrf\" value=\"%s\">\n"
             "<label>Name <input name=\"username\" autocomplete=\"username\"></label>\n"
             "<label>Password <input name=\"password\" type=\"password\" "
             "autocomplete=\"current-password\"></label>\n"
             "<button id=\"go\">Sign in</button></form>\n</body></html>\n",
             csrf);
}

void demo_page_shop(struct buf *out, const struct demo_visitor *v)
{
    page_head(out, "Demo shop");
    buf_addf(out, "<meta name=\"csrf\" content=\"%s\">\n", v->csrf);
    buf_addz(out, "<script src=\"/shop/shop.js\" defer></script></head>\n<body><h1>Welcome, ");
    enc_html(out, slice_z(v->name));
    buf_addf(
        out,
        "</h1>\n<form method=\"post\" action=\"/shop/logout\">\n"
        "<input type=\"hidden\" name=\"csrf\" value=\"%s\"><button id=\"out\">Sign out</button>"
        "</form>\n<ul id=\"items\"></ul>\n<div id=\"detail\"></div><div id=\"cart\"></div>"
        "<div id=\"order\"></div>\n</body></html>\n",
        v->csrf);
}

static void item_members(struct jsonw *w, unsigned index, bool whole)
{
    const struct demo_item *item = &demo_items[index];
    jsonw_put_u64(w, "id", index + 1);
    jsonw_put_z(w, "name", item->name);
    jsonw_put_u64(w, "price_cents", item->cents);
    if (!whole) return;
    jsonw_put_z(w, "about", item->about);
}

void demo_json_items(struct buf *out)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_array(&w, "items");
    for (unsigned i = 0; i < DEMO_ITEMS; i++) {
        jsonw_object(&w);
        item_members(&w, i, false);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
}

void demo_json_item(struct buf *out, unsigned index)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    item_members(&w, index, true);
    jsonw_object_end(&w);
}

void demo_json_cart(struct buf *out, const struct demo_visitor *v)
{
    struct jsonw w = { .out = out };
    uint64_t count = 0, cents = 0;
    jsonw_object(&w);
    jsonw_put_array(&w, "lines");
    for (unsigned i = 0; i < DEMO_ITEMS; i++) {
        if (v->cart[i] == 0) continue;
        count += v->cart[i];
        cents += (uint64_t)v->cart[i] * demo_items[i].cents;
        jsonw_object(&w);
        item_members(&w, i, false);
        jsonw_put_u64(&w, "quantity", v->cart[i]);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_put_u64(&w, "count", count);
    jsonw_put_u64(&w, "total_cents", cents);
    jsonw_object_end(&w);
}

void demo_json_order(struct buf *out, const struct demo_order *o)
{
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    jsonw_put_z(&w, "id", o->id);
    jsonw_put_z(&w, "status", o->paid ? "paid" : "open");
    jsonw_put_u64(&w, "total_cents", o->total_cents);
    jsonw_object_end(&w);
}
