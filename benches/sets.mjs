/** Requirements that programs are compared on. */

/** @type {Record<string, string[]>} */
export const SETS = {
  /** The documentation requirements of the trio project: small wheels, many small pages. */
  trio: [
    'sphinx>=4.0,<6.2',
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
    'exceptiongroup>=1.0.0rc9',
    'immutables>=0.6',
    'pyopenssl',
  ],
  /** About a hundred projects, twelve thousand files. */
  jupyter: ['jupyter'],
  /** What a web service needs. */
  web: [
    'fastapi[standard]',
    'sqlalchemy',
    'celery',
    'boto3',
    'pandas',
    'redis',
    'psycopg[binary]',
    'alembic',
    'httpx',
    'pydantic-settings',
  ],
  /** Thousands of releases to go back through. */
  boto3: ['urllib3<1.25.4', 'boto3'],
  /** Two projects that fit only in old releases. */
  starlette: ['starlette<=0.36.0', 'fastapi<=0.115.2'],
  /** Few projects, large wheels. */
  ml: ['numpy', 'pandas', 'scipy', 'scikit-learn', 'matplotlib', 'pyarrow'],
}

/**
 * A program that each set is for: it imports what such programs import and does a little with it, and ends.
 * @type {Record<string, string>}
 */
export const PROGRAMS = {
  trio: 'import sphinx.application, sphinx_rtd_theme, towncrier, immutables, OpenSSL.SSL, docutils.core; docutils.core.publish_string("x")',
  jupyter: 'import jupyterlab.labapp, notebook.app, ipykernel.kernelapp, nbconvert, ipywidgets, jupyter_console.app',
  web:
    'import fastapi, sqlalchemy.orm, celery, boto3, pandas, redis, psycopg, alembic.config, httpx, pydantic_settings, uvicorn; ' +
    'app = fastapi.FastAPI(); app.get("/")(lambda: None); boto3.Session()',
  boto3: 'import boto3; boto3.Session()',
  starlette: 'import fastapi; app = fastapi.FastAPI()',
  ml:
    'import numpy, pandas, scipy.stats, sklearn.linear_model, matplotlib.figure, pyarrow.parquet; ' +
    'sklearn.linear_model.LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])',
}

/** The pyproject.toml of a project with these requirements. @param {string[]} requirements @param {string} python */
export function manifest(requirements, python) {
  const lines = requirements.map((requirement) => `    ${JSON.stringify(requirement)},\n`).join('')
  const head = `[project]\nname = "bench"\nversion = "0.1.0"\nrequires-python = ">=${python}"\n`
  return `${head}dependencies = [\n${lines}]\n`
}
