/// The page that a console's address opens. What a guest sends is only ever text or pixels in it.
enum ConsolePage {
    static let html = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Console</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="console.css">
        <script type="module" src="console.js"></script>
        </head>
        <body>
        <header>
        <h1 id="name">Console</h1>
        <p id="state" role="status">Loading…</p>
        <button id="keys" type="button" disabled>Ctrl + Alt + Del</button>
        </header>
        <main id="screen"></main>
        </body>
        </html>

        """

    static let style = """
        html, body { height: 100%; margin: 0; }
        body { display: flex; flex-direction: column; background: #16181d; color: #f2f3f5;
               font: 15px/1.4 system-ui, sans-serif; }
        header { display: flex; align-items: center; gap: 1em; padding: .5em 1em; background: #262a33; }
        h1 { font-size: 1em; margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        #state { flex: 1; margin: 0; color: #c3c8d2; }
        button { font: inherit; padding: .25em .75em; border: 1px solid #7d8596; border-radius: 4px;
                 background: #343a47; color: inherit; }
        button:disabled { opacity: .5; }
        button:focus-visible { outline: 3px solid #8ab4ff; }
        #screen { flex: 1; min-height: 0; overflow: hidden; }

        """

    static let script = """
        import RFB from "./novnc/core/rfb.js";

        const state = document.getElementById("state");
        const keys = document.getElementById("keys");
        const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
        // It is good once: taken out of the address, so that neither history nor a reload offers it again.
        history.replaceState(null, "", location.pathname);

        if (/^[0-9a-f]{64}$/.test(token)) {
            const address = location.origin.replace(/^http/, "ws") + "/websockify?token=" + token;
            const rfb = new RFB(document.getElementById("screen"), address, { wsProtocols: ["binary"] });
            let wasOpen = false;
            rfb.scaleViewport = true;
            state.textContent = "Connecting…";
            rfb.addEventListener("connect", () => {
                wasOpen = true;
                keys.disabled = false;
                state.textContent = "Connected";
                rfb.focus();
            });
            rfb.addEventListener("desktopname", (event) => {
                // QEMU puts its own name around the server's.
                const name = event.detail.name.replace(/^QEMU \\((.*)\\)$/, "$1");
                document.getElementById("name").textContent = document.title = name;
            });
            rfb.addEventListener("disconnect", () => {
                keys.disabled = true;
                state.textContent = wasOpen
                    ? "The console has ended. Ask for a new address to open it again."
                    : "Refused: the address was used, is older than five minutes, or the server does not run. "
                        + "Ask for a new one.";
            });
            keys.addEventListener("click", () => { rfb.sendCtrlAltDel(); rfb.focus(); });
        } else {
            state.textContent = "A console's address opens it once. Ask for a new one.";
        }

        """
}
