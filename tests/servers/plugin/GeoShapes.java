import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.apache.lucene.document.LatLonShape;
import org.apache.lucene.geo.LatLonGeometry;
import org.apache.lucene.search.Query;
import org.elasticsearch.common.Explicit;
import org.elasticsearch.common.geo.GeometryFormatterFactory;
import org.elasticsearch.common.geo.GeometryParser;
import org.elasticsearch.common.geo.Orientation;
import org.elasticsearch.common.geo.ShapeRelation;
import org.elasticsearch.geometry.Geometry;
import org.elasticsearch.index.mapper.AbstractShapeGeometryFieldMapper;
import org.elasticsearch.index.mapper.DocumentParserContext;
import org.elasticsearch.index.mapper.FieldMapper;
import org.elasticsearch.index.mapper.GeoShapeIndexer;
import org.elasticsearch.index.mapper.GeoShapeParser;
import org.elasticsearch.index.mapper.GeoShapeQueryable;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.MapperBuilderContext;
import org.elasticsearch.index.query.SearchExecutionContext;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * The field type geo_shape, which the minimal distribution lacks. It has what the type is made of,
 * and what judges a shape: the parser of GeoJSON, the indexer that turns rings, cuts at the date
 * line and tessellates, and the query. This joins them as Elasticsearch's module does, without doc
 * values, and with no option.
 */
public final class GeoShapes extends Plugin implements MapperPlugin {
    private static final String NAME = "geo_shape";
    private static final Explicit<Boolean> NO = Explicit.IMPLICIT_FALSE;

    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        return Map.of(NAME, new FieldMapper.TypeParser((name, context) -> new Shaped(name)));
    }

    private static final class Shaped extends FieldMapper.Builder {
        Shaped(String name) {
            super(name);
        }

        @Override
        protected FieldMapper.Parameter<?>[] getParameters() {
            return new FieldMapper.Parameter<?>[0];
        }

        @Override
        public FieldMapper build(MapperBuilderContext context) {
            return new Shapes(
                leafName(), context.buildFullName(leafName()), builderParams(this, context));
        }
    }

    private static final class Type
        extends AbstractShapeGeometryFieldMapper.AbstractShapeGeometryFieldType<Geometry>
        implements GeoShapeQueryable {
        Type(String name, GeoShapeParser parser) {
            super(name, true, false, false, parser, Orientation.RIGHT, Map.of());
        }

        @Override
        public String typeName() {
            return NAME;
        }

        @Override
        protected Function<List<Geometry>, List<Object>> getFormatter(String format) {
            return GeometryFormatterFactory.getFormatter(format, Function.identity());
        }

        @Override
        public Query geoShapeQuery(
            SearchExecutionContext context,
            String field,
            ShapeRelation relation,
            LatLonGeometry... geometries) {
            return LatLonShape.newGeometryQuery(field, relation.getLuceneRelation(), geometries);
        }
    }

    private static final class Shapes extends AbstractShapeGeometryFieldMapper<Geometry> {
        private final GeoShapeIndexer indexer;

        Shapes(String leafName, String name, FieldMapper.BuilderParams params) {
            this(leafName, name, params, new GeoShapeParser(
                new GeometryParser(true, false, false), Orientation.RIGHT));
        }

        private Shapes(
            String leafName, String name, FieldMapper.BuilderParams params, GeoShapeParser parser) {
            super(
                leafName,
                new Type(name, parser),
                params,
                NO,
                NO,
                NO,
                Explicit.implicit(Orientation.RIGHT),
                parser);
            indexer = new GeoShapeIndexer(Orientation.RIGHT, name);
        }

        @Override
        protected void index(DocumentParserContext context, Geometry geometry) throws IOException {
            if (geometry != null) {
                context.doc().addAll(indexer.indexShape(geometry));
                context.addToFieldNames(fieldType().name());
            }
        }

        @Override
        public FieldMapper.Builder getMergeBuilder() {
            return new Shaped(leafName()).init(this);
        }

        @Override
        protected String contentType() {
            return NAME;
        }
    }
}
