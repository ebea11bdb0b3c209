# How gunicorn serves httpbin: on a free port, which it tells once it answers. It ends with its
# standard input.

import os
import signal
import threading

bind = "127.0.0.1:0"
# The default worker closes the connection after each response.
worker_class = "gthread"
threads = 8
loglevel = "warning"
control_socket_disable = True


def post_worker_init(worker):
    host, port = worker.sockets[0].getsockname()
    print(f"INTEROP_HTTPBIN=http://{host}:{port}", flush=True)
    threading.Thread(target=end_with_input, args=[worker.ppid], daemon=True).start()


def end_with_input(master):
    while os.read(0, 1024):
        pass
    os.kill(master, signal.SIGQUIT)
