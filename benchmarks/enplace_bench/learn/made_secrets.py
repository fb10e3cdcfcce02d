"""Texts which hold made-up secrets in known formats. Pure stdlib, deterministic: secrets(seed) -> [{"id","kind","text","secret"}].

Every secret is put together at run time from pieces and seeded random; no literal in this file is one. None of them is real.
`secret` is the exact substring of `text` that must never reach a file. For key blocks it is the whole block;
BODY of such a block, line by line, must not get out either: see parts().

NB the module's name shadows the standard library's `secrets`; load it by path (importlib) rather than putting this folder on sys.path.
"""
import base64
import hashlib
import hmac
import json
import random
import string

UP, LOW, DIG = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM = UP + LOW + DIG
HEX = "0123456789abcdef"
URL = ALNUM + "-_"
B32 = UP + "234567"
BECH = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


class _R(random.Random):
    def s(self, n, chars=ALNUM):
        """n characters with at least one digit, one letter (as real ones), not ending in - or _."""
        while True:
            t = "".join(self.choice(chars) for _ in range(n))
            if t[-1] in "-_" or t[0] in "-_":
                continue
            if n < 8 or (any(c.isdigit() for c in t) or not any(c.isdigit() for c in chars)) and (any(c.isalpha() for c in t) or not any(c.isalpha() for c in chars)):
                return t

    def raw(self, n):
        return bytes(self.randrange(256) for _ in range(n))

    def word(self):
        return self.choice("Harbor Velvet Copper Walnut Meteor Saffron Glacier Pepper Orchid Thunder Lantern Cobalt".split())

    def password(self):
        return self.word() + self.choice("!#%&*+?") + self.s(4, DIG) + self.choice("-_.~") + self.word().lower() + self.choice("!?*")

    def plain_password(self):
        """No character that has to be escaped in an URL."""
        return self.word() + self.s(6, DIG + LOW) + self.word()


def _b64(b):
    return base64.b64encode(b).decode()


def _b64u(b):
    return base64.urlsafe_b64encode(b).decode().rstrip("=")


def _wrap(t, n):
    return "\n".join(t[i:i + n] for i in range(0, len(t), n))


def _pem(label, body, n=64, head=""):
    dash = "-" * 5
    return "%sBEGIN %s%s\n%s%s\n%sEND %s%s" % (dash, label, dash, head, _wrap(body, n), dash, label, dash)


def luhn(number):
    ds = [int(c) for c in number if c.isdigit()]
    total = 0
    for i, d in enumerate(reversed(ds)):
        if i % 2:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return len(ds) > 11 and total % 10 == 0


def _card(rnd, prefix, n):
    stem = prefix + "".join(rnd.choice(DIG) for _ in range(n - len(prefix) - 1))
    for d in DIG:
        if luhn(stem + d):
            return stem + d


def _groups(t, sizes, sep):
    out, i = [], 0
    for n in sizes:
        out.append(t[i:i + n])
        i += n
    return sep.join(out)


def _jwt(rnd, payload):
    head = _b64u(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    body = _b64u(json.dumps(payload, separators=(",", ":")).encode())
    sign = _b64u(hmac.new(rnd.raw(32), (head + "." + body).encode(), hashlib.sha256).digest())
    return ".".join((head, body, sign))


def _iban(rnd, land, bban):
    digits = "".join(str(int(c, 36)) for c in bban + land + "00")
    return land + "%02d" % (98 - int(digits) % 97) + bban


def _crc24(data):
    crc = 0xB704CE
    for b in data:
        crc ^= b << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc.to_bytes(3, "big")


def parts(item):
    """The pieces of a secret none of which may get out: the lines of a key's body, else the secret itself."""
    if "\n" not in item["secret"]:
        return [item["secret"]]
    return [x.strip() for x in item["secret"].split("\n") if len(x.strip()) >= 40 and "-----" not in x]


def secrets(seed):
    rnd = _R("secrets/%s" % seed)
    out = []

    def put(kind, text, secret, *more):
        """One item for each secret in the text; %s in the text where they stand."""
        every = (secret,) + more
        full = text % every
        for one in every:
            n = sum(1 for x in out if x["kind"] == kind) + 1
            out.append({"id": "%s-%02d" % (kind, n), "kind": kind, "text": full, "secret": one})

    s = rnd.s
    # --- clouds
    akid, ask = "AK" + "IA" + s(16, B32), s(40, ALNUM + "/+")
    put("aws_access_key_id", "the old key is %s, can you see why it's denied?", "AK" + "IA" + s(16, B32))
    put("aws_access_key_id", "temporary creds: %s is what sts gave me", "AS" + "IA" + s(16, B32))
    put("aws_secret", "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = eu-west-1", akid, ask)
    put("aws_secret", "export AWS_SECRET_ACCESS_KEY=%s", s(40, ALNUM + "/+"))
    put("aws_session_token", "AWS_SESSION_TOKEN=%s", "IQoJb3JpZ2lu" + s(180, ALNUM + "/+") + "==")
    put("google_api_key", "maps won't load with %s in the header", "AI" + "za" + s(35, URL))
    put("google_oauth", "curl -H 'Authorization: Bearer %s' https://www.googleapis.com/drive/v3/files", "ya" + "29." + "a0Af" + s(120, URL))
    put("google_client_secret", '{"installed":{"client_id":"1234-demo.apps.googleusercontent.com","client_secret":"%s"}}', "GOC" + "SPX-" + s(28, URL))
    put("azure_storage", "DefaultEndpointsProtocol=https;AccountName=demostore;AccountKey=%s;EndpointSuffix=core.windows.net", _b64(rnd.raw(64)))
    put("azure_client_secret", "AZURE_CLIENT_SECRET=%s", s(3) + "8Q" + "~" + s(34, URL))
    put("azure_sas", "https://demostore.blob.core.windows.net/c/f.csv?sv=2022-11-02&se=2026-12-01&sr=b&sp=r&sig=%s", _b64(rnd.raw(32)).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"))
    put("digitalocean", "doctl auth init -t %s", "dop" + "_v1_" + s(64, HEX))
    put("cloudflare", "CLOUDFLARE_API_TOKEN=%s", s(40, URL))
    put("cloudflare", "cloudflare global api key: %s (yes the old one)", s(37, HEX))
    put("heroku", "HEROKU_API_KEY=%s", "-".join(s(n, HEX) for n in (8, 4, 4, 4, 12)))
    put("databricks", "databricks token is %s", "da" + "pi" + s(32, HEX))
    put("vault", "VAULT_TOKEN=%s vault kv get kv/app", "hv" + "s." + "CAES" + s(90, URL))
    put("vault", "i logged in with %s and got 403", "hv" + "s." + s(24))
    put("fly", "fly.io deploy token: %s", "Fly" + "V1 fm2_" + s(100, ALNUM + "/+"))
    put("terraform", "credentials \"app.terraform.io\" { token = \"%s\" }", s(14) + ".atlas" + "v1." + s(67, URL))
    # --- code hosts and registries
    for kind, pre in (("github_pat", "p"), ("github_oauth", "o"), ("github_server", "s"), ("github_user", "u"), ("github_refresh", "r")):
        put(kind, rnd.choice(("my token is %s pls don't share", "git remote set-url origin https://x-access-token:%s@github.com/acme/demo.git", "GITHUB_TOKEN=%s", "gh auth said ok with %s")), "gh" + pre + "_" + s(36))
    put("github_fine", "I made a fine grained one: %s . does it need more scopes?", "github" + "_pat_" + s(22) + "_" + s(59))
    put("gitlab", "glab auth login --token %s", "gl" + "pat-" + s(20, URL))
    put("gitlab", "CI job token: %s", "gl" + "cbt-" + s(2, HEX) + "_" + s(20, URL))
    put("gitlab", "registration of the runner: gitlab-runner register --token %s", "gl" + "rt-" + s(20, URL))
    put("npm", "npm publish fails, %s is the token", "np" + "m_" + s(36))
    put("npmrc", "//registry.npmjs.org/:_authToken=%s\nsave-exact=true", "-".join(s(n, HEX) for n in (8, 4, 4, 4, 12)))
    put("npmrc", "//npm.example.com/:_password=%s", _b64(rnd.password().encode()))
    put("pypi", "[pypi]\nusername = __token__\npassword = %s", "py" + "pi-" + "AgEIcHlwaS5vcmc" + s(150, URL))
    put("rubygems", "gem push with %s ?", "ruby" + "gems_" + s(48, HEX))
    put("dockerhub", "docker login -u demo -p %s", "dck" + "r_pat_" + s(27, URL))
    put("docker_config", '{"auths":{"https://index.docker.io/v1/":{"auth":"%s"}}}', _b64(("demo:" + rnd.password()).encode()))
    # --- chat and mail
    put("slack_bot", "slack bot token %s stopped working", "xox" + "b-" + s(12, DIG) + "-" + s(13, DIG) + "-" + s(24))
    put("slack_user", "SLACK_TOKEN: %s", "xox" + "p-" + s(12, DIG) + "-" + s(12, DIG) + "-" + s(12, DIG) + "-" + s(32, HEX))
    put("slack_app", "app level: %s", "xa" + "pp-1-A" + s(10, UP + DIG) + "-" + s(13, DIG) + "-" + s(64, HEX))
    put("slack_webhook", "post it to %s please", "https://hooks." + "slack.com/services/T" + s(8, UP + DIG) + "/B" + s(10, UP + DIG) + "/" + s(24))
    put("discord_bot", "client.login('%s')", "MT" + s(24) + "." + s(6, URL) + "." + s(38, URL))
    put("discord_webhook", "the hook: %s", "https://discord.com/api/" + "webhooks/" + s(18, "123456789") + "/" + s(68, URL))
    put("telegram_bot", "botfather gave me %s", s(10, "123456789") + ":AA" + s(33, URL))
    put("telegram_bot", "curl https://api.telegram.org/bot%s/getMe", s(10, "123456789") + ":AA" + s(33, URL))
    put("twilio", "TWILIO_ACCOUNT_SID=AC" + s(32, HEX) + "\nTWILIO_AUTH_TOKEN=%s", s(32, HEX))
    put("twilio_sid", "account sid %s is the one on the bill", "A" + "C" + s(32, HEX))
    put("twilio_key", "twilio api key %s with secret below", "S" + "K" + s(32, HEX))
    put("sendgrid", "sendgrid: %s", "S" + "G." + s(22, URL) + "." + s(43, URL))
    put("mailgun", "curl -s --user 'api:%s' https://api.mailgun.net/v3/domains", "ke" + "y-" + s(32, HEX))
    put("mailchimp", "MAILCHIMP_API_KEY=%s", s(32, HEX) + "-us" + "14")
    # --- models
    put("openai", "OPENAI_API_KEY=%s", "s" + "k-" + s(20) + "T3Blbk" + "FJ" + s(20))
    put("openai", "here's the key for the demo %s use it sparingly", "s" + "k-proj-" + s(74, URL) + "T3Blbk" + "FJ" + s(74, URL))
    put("openai", "sorry the service one: %s", "s" + "k-svcacct-" + s(58, URL))
    put("anthropic", "export ANTHROPIC_API_KEY=\"%s\"", "s" + "k-ant-" + "api03-" + s(93, URL) + "AA")
    put("huggingface", "huggingface-cli login --token %s", "h" + "f_" + s(34, UP + LOW))
    put("replicate", "REPLICATE_API_TOKEN=%s", "r" + "8_" + s(37))
    put("groq", "groq key's %s", "gs" + "k_" + s(52))
    put("openrouter", "it's on openrouter now, %s", "s" + "k-or-v1-" + s(64, HEX))
    # --- money
    put("stripe_live", "stripe.api_key = '%s'", "s" + "k_live_" + s(24))
    put("stripe_live", "long one from the dashboard %s", "s" + "k_live_51" + s(97))
    put("stripe_restricted", "use the restricted key, %s", "r" + "k_live_" + s(24))
    put("stripe_webhook", "endpoint secret %s", "wh" + "sec_" + s(32))
    put("stripe_test", "test mode is fine: %s", "s" + "k_test_" + s(24))
    put("square", "square access token %s", "EAAA" + "E" + s(59, URL))
    put("shopify", "X-Shopify-Access-Token: %s", "sh" + "pat_" + s(32, HEX))
    put("shopify", "shared secret for the app: %s", "sh" + "pss_" + s(32, HEX))
    visa, mc, amex, disc, jcb, din = (_card(rnd, "4", 16), _card(rnd, "5" + rnd.choice("12345"), 16), _card(rnd, "3" + rnd.choice("47"), 15),
                                      _card(rnd, "6011", 16), _card(rnd, "35" + rnd.choice("3456"), 16), _card(rnd, "36", 14))
    put("card", "pay it with %s exp 09/28", _groups(visa, (4, 4, 4, 4), " "))
    put("card", "my mastercard is %s and the cvc is on the back", _groups(mc, (4, 4, 4, 4), "-"))
    put("card", "amex %s", _groups(amex, (4, 6, 5), " "))
    put("card", "card number: %s", disc)
    put("card", "{\"pan\": \"%s\", \"brand\": \"jcb\"}", jcb)
    put("card", "diners is %s, does the shop take it?", _groups(din, (4, 6, 4), " "))
    put("card", "booked the hotel w/ %s, conf mail to follow", _card(rnd, "4", 16))
    put("card", "mastercard two-series: %s", _groups(_card(rnd, "2221", 16), (4, 4, 4, 4), " "))
    de = _iban(rnd, "DE", s(18, "123456789"))
    gb = _iban(rnd, "GB", s(4, UP) + s(14, "123456789"))
    put("iban", "send the deposit to %s please", _groups(de, (4, 4, 4, 4, 4, 2), " "))
    put("iban", "IBAN: %s", gb)
    # --- work tools
    put("linear", "linear key %s", "lin" + "_api_" + s(40))
    put("notion", "NOTION_KEY=%s", "sec" + "ret_" + s(43))
    put("notion", "the new integration's %s", "nt" + "n_" + s(46))
    put("airtable", "airtable pat: %s", "pa" + "t" + s(14) + "." + s(64, HEX))
    put("figma", "figma token = %s", "fig" + "d_" + s(40, URL))
    put("atlassian", "jira: curl -u demo@example.com:%s https://acme.atlassian.net/rest/api/3/myself", "AT" + "ATT3xFfGF0" + s(180, URL) + "=" + s(8, DIG + "ABCDEF"))
    put("postman", "postman api key %s", "PM" + "AK-" + s(24, HEX) + "-" + s(34, HEX))
    put("grafana", "grafana service account: %s", "gl" + "sa_" + s(32) + "_" + s(8, HEX))
    put("newrelic", "NEW_RELIC_API_KEY=%s", "NR" + "AK-" + s(27, UP + DIG))
    put("datadog", "DD_API_KEY=%s\nDD_SITE=datadoghq.eu", s(32, HEX))
    put("sentry", "SENTRY_AUTH_TOKEN=%s", "snt" + "rys_" + _b64(('{"iat":%s,"org":"demo"}' % s(10, "123456789")).encode()).rstrip("=") + "_" + s(43, ALNUM))
    put("supabase", "service role: %s", _jwt(rnd, {"iss": "supabase", "ref": s(20, LOW), "role": "service_role", "iat": 1700000000}))
    put("tailscale", "tailscale up --authkey %s", "ts" + "key-auth-" + s(11) + "CNTRL-" + s(32))
    put("doppler", "doppler configure set token %s", "dp" + ".st.prd." + s(43))
    put("planetscale", "pscale password: %s", "pscale" + "_pw_" + s(43, URL))
    put("facebook", "graph api explorer gave me %s", "EA" + "ACEdEose0cBA" + s(100))
    # --- tokens in use
    put("jwt", "the cookie holds %s", _jwt(rnd, {"sub": s(10, DIG), "name": "Demo", "iat": 1700000000}))
    put("jwt", "Authorization: Bearer %s", _jwt(rnd, {"sub": s(6, HEX), "scope": "read write", "exp": 1900000000}))
    put("bearer", "curl -H \"Authorization: Bearer %s\" https://api.example.com/v1/me", s(48, URL))
    put("bearer", "> GET /v2/items\n> authorization: bearer %s\n< 401", s(40, HEX))
    put("basic_auth", "Authorization: Basic %s", _b64(("admin:" + rnd.password()).encode()))
    put("api_key", "api_key: %s", s(32))
    put("api_key", "X-API-Key: %s", s(40, HEX))
    put("api_key", "const apiKey = \"%s\";", s(36))
    put("api_key", "https://api.example.com/v1/search?q=tea&api_key=%s&page=2", s(32))
    put("client_secret", "client_secret=%s&grant_type=client_credentials", s(40, URL))
    put("cookie", "Cookie: theme=dark; sessionid=%s", s(32, LOW + DIG))
    # --- passwords
    pw = rnd.password
    put("password", "password=%s", pw())
    put("password", "login is demo, password: %s", pw())
    put("password", "the wifi password is %s btw", pw())
    put("password", "my new password is %s, remember it for me", pw())
    put("password", "{\"user\": \"root\", \"password\": \"%s\"}", pw())
    put("password", "Passwort: %s", pw())
    put("password", "mysql -u root -p%s shop", rnd.plain_password())
    put("password", "sshpass -p '%s' ssh deploy@192.0.2.7", pw())
    put("passphrase", "the passphrase for the backup is: %s", " ".join(rnd.choice("apple brick candle dune eagle fable ginger hollow icicle jacket".split()) for _ in range(5)) + " " + s(3, DIG))
    put("pin", "the PIN of the card is %s", s(4, "123456789"))
    put("seed_phrase", "wallet seed phrase: %s", " ".join(rnd.sample("abandon ability able about above absent absorb abstract absurd abuse access accident account accuse achieve acid acoustic acquire across act".split(), 12)))
    put("url_password", "git clone https://demo:%s@git.example.com/acme/app.git", rnd.plain_password())
    put("url_password", "DATABASE_URL=postgres://app:%s@db.example.com:5432/shop", rnd.plain_password())
    put("url_password", "redis://:%s@cache.example.com:6379/0 times out", rnd.plain_password())
    put("url_password", "mongodb+srv://root:%s@cluster0.example.net/test?retryWrites=true", rnd.plain_password())
    put("url_password", "amqp://guest1:%s@mq.example.com/vhost", rnd.plain_password())
    put("url_password", "ftp://backup:%s@files.example.com/in", rnd.plain_password())
    put("connection_string", "Server=db1;Database=shop;User Id=sa;Password=%s;Encrypt=true", rnd.plain_password() + "!")
    put("env", "# .env\nDEBUG=true\nDB_HOST=localhost\nDB_PASSWORD=%s\nPORT=3000", pw())
    put("env", "SECRET_KEY_BASE=%s\nRAILS_ENV=production", s(128, HEX))
    put("env", "JWT_SECRET='%s'", s(44, ALNUM + "+/") + "=")
    put("env", "DJANGO_SECRET_KEY=%s", "dj" + s(48, LOW + DIG + "!@#^&*(-_=+)"))
    put("env", "ENCRYPTION_KEY=%s\nNODE_ENV=test", _b64(rnd.raw(32)))
    put("netrc", "machine api.example.com\n  login demo\n  password %s", rnd.plain_password())
    put("htpasswd", "admin:%s", "$ap" + "r1$" + s(8) + "$" + s(22, ALNUM + "./"))
    put("shadow", "root:%s:19700:0:99999:7:::", "$6" + "$" + s(16, ALNUM) + "$" + s(86, ALNUM + "./"))
    # --- keys
    def der(n):
        modulus = b"\x02\x01\x00\x02\x82\x01\x01\x00"
        return _b64(b"\x30\x82" + n.to_bytes(2, "big") + modulus + rnd.raw(n - len(modulus)))
    put("pem_rsa", "here's the key file\n%s\nwhy does ssh say invalid format", _pem("RSA " + "PRIVATE KEY", der(1190)))
    put("pem_rsa", "%s", _pem("RSA " + "PRIVATE KEY", der(607), head="Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + s(32, "0123456789ABCDEF") + "\n\n"))
    put("pem_pkcs8", "cat server.key\n%s", _pem("PRIVATE" + " KEY", der(1216)))
    put("pem_pkcs8", "%s", _pem("ENCRYPTED " + "PRIVATE KEY", der(1300)))
    put("pem_ec", "%s\nthat's the prime256v1 one", _pem("EC " + "PRIVATE KEY", _b64(b"\x30\x77\x02\x01\x01\x04\x20" + rnd.raw(114))))
    put("pem_dsa", "%s", _pem("DSA " + "PRIVATE KEY", der(440)))
    put("ssh_openssh", "$ cat ~/.ssh/id_ed25519\n%s", _pem("OPENSSH " + "PRIVATE KEY", _b64(b"openssh-key-v1\x00" + b"\x00\x00\x00\x04none" * 2 + rnd.raw(240)), 70))
    body = rnd.raw(900)
    put("pgp", "backup of the key:\n%s", _pem("PGP " + "PRIVATE KEY BLOCK", _b64(b"\x95\x03" + body) , head="Version: GnuPG v2\n\n").replace("\n" + "-" * 5 + "END", "\n=" + _b64(_crc24(body)) + "\n" + "-" * 5 + "END"))
    one_line = _pem("PRIVATE" + " KEY", der(1216)).replace("\n", "\\n") + "\\n"
    put("gcp_service_account", '{"type":"service_account","project_id":"demo","private_key_id":"' + s(40, HEX) + '","private_key":"%s","client_email":"bot@demo.iam.gserviceaccount.com"}', one_line)
    put("kubeconfig", "users:\n- name: admin\n  user:\n    client-key-data: %s", _b64(_pem("RSA " + "PRIVATE KEY", der(400)).encode()))
    put("kubeconfig", "    token: %s", _jwt(rnd, {"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:deploy"}))
    put("k8s_secret", "apiVersion: v1\nkind: Secret\ndata:\n  password: %s", _b64(pw().encode()))
    put("age", "# created: 2026-01-05\n%s", "AGE-" + "SECRET-KEY-1" + "".join(rnd.choice(BECH) for _ in range(58)).upper())
    put("putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n%s\nPrivate-MAC: " + s(64, HEX), _b64(rnd.raw(36)))
    put("wireguard", "[Interface]\nPrivateKey = %s\nAddress = 10.0.0.2/32", _b64(rnd.raw(32)))
    put("totp", "otpauth://totp/Demo:me?secret=%s&issuer=Demo", s(32, B32))
    put("totp", "2FA setup key: %s", _groups(s(32, B32), (4,) * 8, " "))
    put("ethereum", "ETH_PRIVATE_KEY=0x%s", s(64, HEX))
    put("jwk", '{"kty":"OKP","crv":"Ed25519","d":"%s","x":"' + _b64u(rnd.raw(32)) + '"}', _b64u(rnd.raw(32)))
    return out


if __name__ == "__main__":
    import collections
    for kind, n in sorted(collections.Counter(x["kind"] for x in secrets(0)).items()):
        print(n, kind)
