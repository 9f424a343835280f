/** What the comparison on the public index asks for: names and bounds by hand, or the manifests of published projects. */

export interface RealSet {
  name: string
  /** Where the list comes from. */
  source: string
  python: string
  requirements: string[]
}

export const SETS: RealSet[] = [
  {
    name: 'trio',
    source: 'the requirements of trio’s documentation and tests (`docs-requirements.in`, `test-requirements.in`)',
    python: '>=3.10',
    requirements: [
      'sphinx>=4.0',
      'jinja2',
      'sphinx-rtd-theme',
      'sphinxcontrib-jquery',
      'sphinxcontrib-trio',
      'towncrier',
      "cffi; os_name == 'nt'",
      'attrs>=19.2.0',
      'sortedcontainers',
      'idna',
      'outcome',
      'sniffio',
      "exceptiongroup; python_version < '3.11'",
      'immutables>=0.6',
      'pyopenssl',
    ],
  },
  { name: 'jupyter', source: 'the metapackage', python: '>=3.10', requirements: ['jupyter'] },
  {
    name: 'black',
    source: 'with all that it may use',
    python: '>=3.9',
    requirements: ['black[colorama,d,jupyter,uvloop]'],
  },
  {
    name: 'boto3',
    source: 'an old urllib3, so that thousands of releases have to be given up',
    python: '>=3.9',
    requirements: ['urllib3<1.25.4', 'boto3'],
  },
  {
    name: 'airflow',
    source: 'a deployment with the providers of the large clouds and databases',
    python: '>=3.10',
    requirements: [
      'apache-airflow[amazon,async,celery,cncf-kubernetes,google,hashicorp,http,microsoft-azure,postgres,redis,sftp,slack,snowflake,ssh,statsd]>=3',
      'pandas',
      'alembic>=1.13',
    ],
  },
  {
    name: 'home-assistant',
    source: 'libraries that its integrations name, some eighty at once',
    python: '>=3.12',
    requirements: [
      ...`pyatv pychromecast zigpy zha bellows zeroconf aioesphomeapi plexapi spotipy soco pymodbus pyserial paho-mqtt
      async-upnp-client aiounifi aiohue axis hatasmota home-assistant-intents simplehound numpy paramiko pysnmp psutil
      psycopg2-binary sqlalchemy influxdb influxdb-client google-cloud-pubsub google-cloud-texttospeech google-genai
      openai anthropic boto3 aiobotocore slack-sdk python-telegram-bot feedparser beautifulsoup4 lxml xmltodict pillow
      opencv-python-headless python-miio pyowm pytrafikverket pyvera pywemo roombapy tuya-device-sharing-sdk
      wakeonlan yeelight aiopvpc aioshelly bleak bleak-retry-connector bluetooth-adapters dbus-fast habluetooth
      caldav icalendar gcal-sync oauth2client pyicloud ring-doorbell reolink-aio sense-energy sentry-sdk speedtest-cli
      weatherflow4py zwave-js-server-python aiohttp aiohttp-cors aiodns awesomeversion bcrypt certifi ciso8601 cryptography
      ha-ffmpeg hass-nabucasa httpx ifaddr jinja2 lru-dict mutagen orjson pyjwt pyturbojpeg pyyaml voluptuous yarl ulid-transform
      aiodiscover zlib-ng securetar fnv-hash-fast python-slugify standard-aifc standard-telnetlib webrtc-models`.split(
        /\s+/,
      ),
    ],
  },
  {
    name: 'transformers',
    source: 'with extras that pull in the large frameworks',
    python: '>=3.10',
    requirements: [
      'transformers[torch,sentencepiece,tokenizers,vision,timm,sklearn,onnxruntime]',
      'datasets',
      'accelerate',
    ],
  },
  {
    name: 'services',
    source: 'a web service',
    python: '>=3.10',
    requirements: [
      'fastapi[standard]',
      'sqlalchemy[asyncio]',
      'pandas',
      'boto3',
      'celery[redis]',
      'alembic',
      'psycopg[binary]',
      'httpx[http2,socks]',
      'pydantic-settings',
      'opentelemetry-instrumentation-fastapi',
    ],
  },
]

/** Source distributions, locked as they are: groups, extras and all. */
export const PROJECTS = [
  { name: 'dask', version: '2025.7.0' },
  { name: 'httpx', version: '0.28.1' },
  { name: 'poetry', version: '2.1.3' },
  { name: 'sphinx', version: '8.2.3' },
  { name: 'xarray', version: '2025.7.1' },
]
