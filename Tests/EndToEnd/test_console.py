"""ATTACKS 22: a server's screen and keyboard, through a token that opens them once."""
import http.client
import re
import time
import urllib.parse

import pytest

from servers import Servers
from websocket import Refused, Screen, WebSocket
